import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import {
  addLateRecords,
  cleanDelivered,
  deliverPending,
  generate,
  type GenerateOptions,
} from "../../examples/pos-pipeline/src/generate.ts";
import { landing } from "../../examples/pos-pipeline/src/landing.ts";
import { deliveryCases } from "./cases.ts";
import { MiniBuffer, payload, type MiniDelivery } from "./mini-buffer.ts";
import { expectOracle, makePipeline, plainRows, type PosFiles } from "./pipeline.ts";
import { sameJson } from "./oracle.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "pos-pipeline-"));
after(() => rmSync(scratch, { recursive: true }));
let folders = 0;

const week = Array.from({ length: 7 }, (_, n) => `2026-11-0${n + 1}`);

for (const options of [
  { seed: 1, dirt: 0.1, quietDays: ["2026-11-05"] },
  { seed: 2, dirt: 0.6, recordsPerDay: 700, merchants: 40 },
  { seed: 3, dirt: 1, recordsPerDay: 400 },
  { seed: 4, dirt: 0, recordsPerDay: 300, quietDays: ["2026-11-03"], quietShare: 0 },
] satisfies GenerateOptionsOf[]) {
  test(`a week in one scan is what the rules say: seed ${options.seed}, dirt ${options.dirt}`, async () => {
    await expectOracle(made(options), { partitions: [...week, "2026-11-08"] });
  });
}

test("day by day, each from its own scan, is the same as the week in one", async () => {
  const files = made({ seed: 5, dirt: 0.4, recordsPerDay: 600 });
  const store = folder();
  for (const day of week) await expectOracle(files, { partitions: [day], store });
});

test("every delivery worked out by hand is judged by the SQL as by hand", async () => {
  // A folder for each would be 200 pipelines; the ids tell them apart.
  const deliveries = handMade();
  using mini = new MiniBuffer(deliveries);
  await using pipeline = await makePipeline(mini, { partitions: ["2026-11-01", "2026-11-02", "2026-11-03"] });
  const rows = new Map<unknown, Record<string, unknown>>();
  for (const day of ["2026-11-01", "2026-11-02", "2026-11-03"]) {
    for (const asset of [landing.raw, landing.quarantine]) {
      for (const row of await plainRows(pipeline, asset, day)) {
        assert.ok(!rows.has(row["id"]), `${String(row["id"])} stands once`);
        rows.set(row["id"], row);
      }
    }
  }
  assert.equal(rows.size, deliveryCases.length);
  for (const [n, { name, expected }] of deliveryCases.entries()) {
    const row = rows.get(idOf(n))!;
    if (typeof expected === "string") {
      assert.equal(row["reason"], expected, name);
      continue;
    }
    assert.equal(row["reason"], undefined, `${name}: ${String(row["reason"])}`);
    const { extra, ...fields } = expected;
    for (const [field, value] of Object.entries(fields)) assert.equal(row[field], value, `${name}: ${field}`);
    if (extra !== undefined)
      assert.ok(sameJson(row["extra"] as string | null, extra), `${name}: ${String(row["extra"])}`);
  }
});

test("the same by the oracle, which reads the buffer row by row", async () => {
  const deliveries = handMade();
  using mini = new MiniBuffer(deliveries);
  await expectOracle(mini, { partitions: ["2026-11-01", "2026-11-02", "2026-11-03"] });
});

test("late records, deliveries and the clean-up: what was known stays, what is new comes in", async () => {
  const files = made({ seed: 6, dirt: 0.3, recordsPerDay: 400 });
  const store = folder();
  const first = await expectOracle(files, { partitions: week, store });
  const dir = path.dirname(files.buffer);
  addLateRecords(dir, { days: ["2026-11-02", "2026-11-04"], takenInAt: "2026-11-08T10:00:00Z" });
  addLateRecords(dir, { days: ["2026-11-03"], takenInAt: "2026-11-08T11:00:00Z", status: "pending" });
  assert.ok(cleanDelivered(dir, { now: "2026-11-07T12:00:00Z" }) > 0);
  const second = await expectOracle(files, { partitions: week, store, previous: first });
  assert.ok(deliverPending(dir, { now: "2026-11-08T12:00:00Z" }) > 0);
  cleanDelivered(dir, { now: "2026-11-20T00:00:00Z", olderThanHours: 300 });
  await expectOracle(files, { partitions: week, store, previous: second });
});

test("a payload cut inside a letter, or holding a NUL, is quarantined as it can be read", async () => {
  using mini = new MiniBuffer([
    { id: "nul", payload: `${payload()}\u0000`, createdAt: "2026-11-01T10:00:00Z" },
    { id: "nul in a text", payload: payload({ channel: '"a\u0000b"' }), createdAt: "2026-11-01T10:00:01Z" },
    { id: "tab\tand\nline", payload: payload({ channel: '"ọ́\\u0000"' }), createdAt: "2026-11-01T10:00:02Z" },
    { id: "quoted \"'", payload: "\t\r\n{", createdAt: "2026-11-01T10:00:03Z" },
    {
      id: "long",
      payload: payload({ note: JSON.stringify("ọ\u0001".repeat(400_000)) }),
      createdAt: "2026-11-01T10:00:04Z",
    },
  ]);
  mini.execute(
    "insert into buffer (id, payload, created_at, status, checksum) values ('cut', cast(x'7b2261223a22e1bb' as text), 1793520863, 'sent', '')",
  );
  await expectOracle(mini, { partitions: ["2026-11-01"] });
});

function handMade(): MiniDelivery[] {
  return deliveryCases.map(({ payload: text, createdAt, checksum }, n) => ({
    id: idOf(n),
    payload: text,
    createdAt,
    ...(checksum === undefined ? {} : { checksum }),
  }));
}

function idOf(n: number): string {
  return `case-${String(n).padStart(3, "0")}`;
}

type GenerateOptionsOf = Omit<GenerateOptions, "out">;

function made(options: GenerateOptionsOf): PosFiles {
  return generate({ out: folder(), ...options });
}

function folder(): string {
  return path.join(scratch, String((folders += 1)));
}
