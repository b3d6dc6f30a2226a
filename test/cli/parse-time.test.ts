/** Times as people type them for `--since` and `--until`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTime } from "../../packages/cli/src/terminal/parse-time.ts";

test("a day and a time without an offset are in UTC, one with an offset is that instant", () => {
  assert.equal(parseTime("2026-11-20"), "2026-11-20T00:00:00Z");
  assert.equal(parseTime("2026-11-20T02:00"), "2026-11-20T02:00:00Z");
  assert.equal(parseTime("2026-11-20T02:00+01:00"), "2026-11-20T01:00:00Z");
});

test("so long ago is counted from now", () => {
  for (const [text, hours] of [
    ["90m", 1.5],
    ["24h", 24],
    ["7d", 168],
  ] as const) {
    const before = Temporal.Now.instant().subtract({ minutes: hours * 60 });
    const parsed = Temporal.Instant.from(parseTime(text));
    const after = Temporal.Now.instant().subtract({ minutes: hours * 60 });
    assert.ok(Temporal.Instant.compare(before, parsed) <= 0 && Temporal.Instant.compare(parsed, after) <= 0, text);
  }
});

test("anything else is refused with the forms that there are", () => {
  for (const text of ["yesterday", "24", "-3h", "2026-13-01", ""])
    assert.throws(() => parseTime(text), /90m, 24h, 7d/, text);
});
