import assert from "node:assert/strict";
import { posix, win32 } from "node:path";
import { test } from "node:test";
import { encodePartitionKey } from "@iroko/core";
import fc from "fast-check";

const nasty = fc.constantFrom(
  "..",
  ".",
  "/",
  "\\",
  "%",
  "%2F",
  "%2E",
  "\0",
  "\n",
  " ",
  "'",
  '"',
  ";",
  "--",
  ":",
  "*",
  "?",
  "\u202E",
  "é",
  "e\u0301",
  "\uD800",
  "\uDC00",
  "😀",
  "CON",
  "~",
  "$HOME",
  "`id`",
  "a",
  "A",
  "0",
);
const hostileKey = fc.oneof(
  fc.array(nasty, { maxLength: 8 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary" }),
);

test("a plain key keeps its name", () => {
  for (const key of ["2026-11-01", "LA", "north_west", "v1.2", "~x"]) assert.equal(encodePartitionKey(key), key);
});

test("what means something to a path, a shell or a URL is encoded", () => {
  const names = {
    "../x": "%2E.%2Fx",
    "..": "%2E%2E",
    ".": "%2E",
    "": "%",
    "a b": "a%20b",
    "50%": "50%25",
    "2026-11-01-05:00": "2026-11-01-05%3A00",
    é: "%C3%A9",
    "a.": "a%2E",
    ".git": "%2Egit",
  };
  for (const [key, name] of Object.entries(names)) assert.equal(encodePartitionKey(key), name);
});

test("no key leaves its folder, on any system", () => {
  fc.assert(
    fc.property(hostileKey, (key) => {
      const name = encodePartitionKey(key);
      assert.match(name, /^[A-Za-z0-9_~%.-]+$/);
      assert.doesNotMatch(name, /^\.|\.$/);
      assert.equal(posix.join("/store/raw", name), `/store/raw/${name}`);
      assert.equal(win32.join("C:\\store", name), `C:\\store\\${name}`);
    }),
    { numRuns: 2_000, seed: 20261121 },
  );
});

test("no two keys meet", () => {
  fc.assert(
    fc.property(hostileKey, hostileKey, (one, other) => {
      assert.equal(encodePartitionKey(one) === encodePartitionKey(other), one === other);
    }),
    { numRuns: 2_000, seed: 20261121 },
  );
});

test("a name leads back to its key", () => {
  fc.assert(
    fc.property(hostileKey, (key) => {
      fc.pre(key !== "" && key.isWellFormed());
      assert.equal(decodeURIComponent(encodePartitionKey(key)), key);
    }),
  );
});
