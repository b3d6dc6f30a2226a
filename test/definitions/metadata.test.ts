import assert from "node:assert/strict";
import { test } from "node:test";
import { IrokoError, meta, toMetadata, type MetadataInput } from "@iroko/core";

function refused(values: () => unknown): string {
  try {
    values();
  } catch (error) {
    assert.ok(error instanceof IrokoError);
    assert.equal(error.code, "METADATA_INVALID");
    assert.ok(error.hint);
    return error.message;
  }
  throw new Error("it was accepted");
}

test("plain values become int, float, text or boolean", () => {
  assert.deepEqual(toMetadata({ row_count: 3, share: 0.5, note: "x", done: true, price: meta.decimal("1.20") }), {
    row_count: { type: "int", value: 3 },
    share: { type: "float", value: 0.5 },
    note: { type: "text", value: "x" },
    done: { type: "boolean", value: true },
    price: { type: "decimal", value: "1.20" },
  });
});

test("each constructor gives its type, as JSON", () => {
  const instant = Temporal.Instant.from("2026-11-01T00:00:00Z");
  const values = {
    bytes: meta.bytes(7),
    duration: meta.duration(Temporal.Duration.from({ minutes: 1, milliseconds: 500 })),
    json: meta.json({ a: [1, null, "x"] }),
    markdown: meta.markdown("**x**"),
    path: meta.path("/tmp/x"),
    schema: meta.tableSchema([{ name: "id", type: "text" }]),
    table: meta.table(["id", "n"], [{ n: 1, id: "a" }, ["b", 2], { id: "c" }]),
    timestamp: meta.timestamp(instant),
    local: meta.timestamp("2026-11-01T01:00:00+01:00"),
    url: meta.url(new URL("https://example.com/x")),
  };
  assert.deepEqual(JSON.parse(JSON.stringify(toMetadata(values))), {
    bytes: { type: "bytes", value: 7 },
    duration: { type: "duration", value: 60.5 },
    json: { type: "json", value: { a: [1, null, "x"] } },
    markdown: { type: "markdown", value: "**x**" },
    path: { type: "path", value: "/tmp/x" },
    schema: { type: "tableSchema", columns: [{ name: "id", type: "text" }] },
    table: {
      type: "table",
      columns: ["id", "n"],
      rows: [
        ["a", 1],
        ["b", 2],
        ["c", null],
      ],
    },
    timestamp: { type: "timestamp", value: "2026-11-01T00:00:00Z" },
    local: { type: "timestamp", value: "2026-11-01T00:00:00Z" },
    url: { type: "url", value: "https://example.com/x" },
  });
});

test("a value that its type cannot hold is refused by name", () => {
  assert.match(
    refused(() => toMetadata({ n: NaN })),
    /"n" of type float cannot be NaN/,
  );
  assert.match(
    refused(() => meta.int(2 ** 53)),
    /of type int cannot be 9007199254740992/,
  );
  assert.match(
    refused(() => meta.int(1.5)),
    /1\.5/,
  );
  assert.match(
    refused(() => meta.decimal("1e3")),
    /"1e3"/,
  );
  assert.match(
    refused(() => meta.decimal(1.2 as never)),
    /1\.2/,
  );
  assert.match(
    refused(() => meta.float(Infinity)),
    /Infinity/,
  );
  assert.match(
    refused(() => meta.bytes(-1)),
    /-1/,
  );
  assert.match(
    refused(() => meta.url("example.com")),
    /"example\.com"/,
  );
  assert.match(
    refused(() => meta.timestamp("2026-11-01")),
    /"2026-11-01"/,
  );
  assert.match(
    refused(() => meta.json({ at: new Date(0) } as never)),
    /this object/,
  );
  assert.match(
    refused(() => meta.table(["a"], [["x", "y"]])),
    /of type table/,
  );
  assert.match(
    refused(() => toMetadata({ odd: null } as unknown as MetadataInput)),
    /"odd" of type none cannot be null/,
  );
  assert.match(
    refused(() => toMetadata({ odd: { rows: 1 } } as unknown as MetadataInput)),
    /"odd" of type none/,
  );
});
