/** Keys of dynamic partitions over the API, and what the page and the API say of assets that have them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { json, sample, type ErrorBody, type Sample } from "./sample.ts";

const module = `
  import { z } from "zod";
  import { asset, daily, define, dynamic, job, multi, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const partitions = multi({ tenant: dynamic("tenants"), day: days });
  const bills = asset({ key: "bills", partitions, schema: z.object({ n: z.int() }), output: jsonLines("bills"), materialize: () => [{ n: 1 }] });
  const plain = asset({ key: "plain", materialize: () => {} });
  const all = job({ key: "all", select: "bills" });
  export default define({ assets: [bills, plain], jobs: [all],
    schedules: [schedule({ key: "nightly", job: all, cron: "0 2 * * *", timezone: "Africa/Lagos" })] });
`;

const path = "/api/v1/dynamic-partitions";

async function change(at: Sample, name: string, verb: "add" | "remove", ...keys: string[]): Promise<unknown> {
  return json(await at.post(`${path}/${name}/${verb}`, { keys }));
}

test("keys are listed, added and removed over the API, and what exists follows them", async () => {
  await using at = await sample({ module });
  assert.deepEqual(await change(at, "tenants", "add", "acme", "<b>|", "acme"), {
    partitions: "tenants",
    added: ["acme", "<b>|"],
  });
  assert.deepEqual(await change(at, "bills", "add", "acme", "chidi"), { partitions: "tenants", added: ["chidi"] });
  assert.deepEqual(await change(at, "tenants", "remove", "chidi"), { partitions: "tenants", removed: ["chidi"] });

  const first = await json<{ items: { key: string }[]; cursor: string }>(await at.get(`${path}/tenants?limit=1`));
  assert.deepEqual([first.items.map(({ key }) => key), first.cursor], [["acme"], "acme"]);
  const second = await json<typeof first>(await at.get(`${path}/tenants?limit=5&after=acme`));
  assert.deepEqual([second.items.map(({ key }) => key), second.cursor], [["<b>|"], null]);

  const { status } = await json<{ status: { sentence: string; partitions: { missing: string } } }>(
    await at.get("/api/v1/assets/bills"),
  );
  assert.equal(status.partitions.missing, 'tenant="<b>|"|acme,day=2026-11-01..2026-11-05');
  assert.match(status.sentence, /^10 of 10 partitions are missing/);
  const { run } = await json<{ run: string }>(
    await at.post("/api/v1/runs", { select: "bills", partitions: "day=last:1" }),
  );
  assert.equal((await at.instance.ended(run)).status, "succeeded");
  const { items: steps } = await json<{ items: { partitions: string }[] }>(await at.get(`/api/v1/runs/${run}/steps`));
  assert.deepEqual(steps.map(({ partitions }) => partitions).toSorted(), [
    'tenant="<b>|",day=2026-11-05',
    "tenant=acme,day=2026-11-05",
  ]);
});

test("names and keys that cannot be are refused, each with what to do", async () => {
  await using at = await sample({ module, worker: false });
  const refusals = [
    [at.get(`${path}/tenant`), 404, "DYNAMIC_PARTITIONS_NOT_FOUND", 'Did you mean "tenants"?'],
    [at.get(`${path}/plain`), 404, "DYNAMIC_PARTITIONS_NOT_FOUND", 'There are these dynamic partitions: "tenants".'],
    [at.post(`${path}/tenants/add`, { keys: ["fine", ""] }), 400, "PARTITION_FORMAT", "Give every key a name."],
    [at.post(`${path}/tenants/add`, { keys: ["fine", "__proto__"] }), 400, "PARTITION_FORMAT", "Give it another name."],
    [
      at.post(`${path}/tenants/add`, { keys: ["x".repeat(201)] }),
      400,
      "PARTITION_FORMAT",
      "Keep it under 200 characters.",
    ],
    [at.post(`${path}/tenants/remove`, { keys: ["nobody"] }), 400, "PARTITION_NOT_FOUND", "There are no partitions."],
    [at.post(`${path}/tenants/add`, { keys: [] }), 400, "REQUEST_INVALID", "It takes: keys."],
  ] as const;
  for (const [asked, status, code, hint] of refusals) {
    const answer = await asked;
    const { error } = await json<ErrorBody>(answer);
    assert.deepEqual([answer.status, error.code, error.hint], [status, code, hint]);
  }
  assert.deepEqual((await json<{ items: unknown[] }>(await at.get(`${path}/tenants`))).items, []);
});
