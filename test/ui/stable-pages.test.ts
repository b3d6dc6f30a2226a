/** Whoever reads a list page by page, while what is in it changes, is told all that was there at the start, once. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openClient, type Client, type Listing, type Page, type PageInput } from "@iroko/core/client";
import type { EventRow } from "@iroko/core/engine";
import { sample, type Sample } from "./sample.ts";

const module = `
  import { z } from "zod";
  import { asset, daily, define, dynamic } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const schema = z.object({ n: z.int() });
  const materialize = (ctx) => { console.log("made", ctx.partition.key); return [{ n: 1 }]; };
  export const first = asset({ key: "first", schema, output: jsonLines("first"), materialize });
  export const second = asset({ key: "second", schema, output: jsonLines("second"), materialize });
  export const third = asset({ key: "third", schema, output: jsonLines("third"), materialize });
  export const visits = asset({ key: "visits", partitions: daily({ start: "2026-11-01", timezone: "Africa/Lagos" }), schema, output: jsonLines("visits"), materialize });
  export const shops = asset({ key: "shops", partitions: dynamic("shops"), schema, output: jsonLines("shops"), materialize });
  export default define({ assets: [first, second, third, visits, shops] });
`;

let at: Sample;
let client: Client;
before(async () => {
  at = await sample({ module });
  client = openClient({ url: at.url });
});
after(() => at[Symbol.asyncDispose]());

/** Every item, one a page, with something done after each page. */
async function walk<Item>(list: (page: PageInput) => Listing<Item>, between: (page: number) => Promise<unknown>) {
  const items: Item[] = [];
  let page: Page<Item> = await list({ limit: 1 });
  for (let n = 0; ; n += 1) {
    items.push(...page.items);
    if (page.cursor === null) return items;
    await between(n);
    page = await list({ limit: 1, after: page.cursor });
  }
}

async function all<Item>(list: Listing<Item>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of list) items.push(item);
  return items;
}

async function make(select: string, partitions?: string): Promise<string> {
  const { run } = await client.runs.submit({
    select,
    ...(partitions === undefined ? {} : { partitions }),
    force: true,
  });
  await at.instance.ended(run);
  return run;
}

test("assets of a status are told on, when one that was told has that status no more", async () => {
  const missing = { select: "status:missing" };
  const keys = (await client.assets.list(missing)).items.map(({ key }) => key);
  assert.ok(keys.length >= 4, keys.join());
  const walked = await walk(
    (page) => client.assets.list({ ...missing, ...page }),
    (n) => (n === 0 ? make("first") : Promise.resolve()),
  );
  assert.deepEqual(
    walked.map(({ key }) => key),
    keys,
  );
  assert.deepEqual((await client.assets.list(missing)).items.length, keys.length - 1);
});

test("lists that grow are told whole, each item once: runs, events, the audit, partitions, keys", async () => {
  await client.dynamicPartitions.add({ name: "shops", keys: ["b", "d", "f"] });
  const run = await make("visits", "2026-11-01..2026-11-03");
  const lists: Readonly<Record<string, readonly [(page: PageInput) => Listing<unknown>, (item: never) => unknown]>> = {
    runs: [(page) => client.runs.list(page), ({ id }: { id: string }) => id],
    "an asset's events": [(page) => client.assets.events({ key: "visits", ...page }), ({ id }: { id: number }) => id],
    "an asset's partitions": [
      (page) => client.assets.partitions({ key: "visits", ...page }),
      ({ key }: { key: string }) => key,
    ],
    "versions of one": [
      (page) => client.assets.versions({ key: "visits", partition: "2026-11-01", ...page }),
      ({ version }: { version: number }) => version,
    ],
    "a run's steps": [(page) => client.runs.steps({ id: run, ...page }), ({ n }: { n: number }) => n],
    "a run's log": [(page) => client.runs.logs({ id: run, ...page }), ({ cursor }: { cursor: string }) => cursor],
    "the audit": [(page) => client.audit.list(page), ({ seq }: { seq: number }) => seq],
    keys: [(page) => client.dynamicPartitions.list({ name: "shops", ...page }), ({ key }: { key: string }) => key],
  };
  let added = 0;
  const grow = async (): Promise<void> => {
    added += 1;
    await client.dynamicPartitions.add({ name: "shops", keys: [`a${added}`, `e${added}`] });
    await make("visits", "2026-11-01..2026-11-04");
  };
  for (const [name, [list, keyOf]] of Object.entries(lists)) {
    const named = (items: readonly unknown[]): readonly unknown[] => items.map((item) => keyOf(item as never));
    const before = named(await all(list({ limit: 100 })));
    assert.ok(before.length >= 2 || name === "versions of one", `${name}: ${before.length}`);
    const walked = named(await walk(list, (n) => (n < 2 ? grow() : Promise.resolve())));
    assert.equal(new Set(walked).size, walked.length, `${name}: one is told twice`);
    assert.deepEqual(
      walked.filter((key) => before.includes(key)),
      before,
      `${name}: one is left out`,
    );
  }
});

test("the versions that one step has made are told by ranges, however many partitions it was of", async () => {
  const { items } = await client.assets.events({ key: "visits", limit: 100 });
  const made = items.filter(({ type }) => type === "materialization");
  assert.ok(made.length >= 3);
  for (const { partitions, payload } of made) {
    const { versions } = payload as { readonly versions: readonly { version: number; partitions: string }[] };
    assert.deepEqual(versions, [{ version: versions[0]!.version, partitions }]);
  }
  const { rows } = await at.instance.db.query<EventRow>(
    `update iroko.event set windows = '{[2026-10-31T23:00:00Z,2026-11-04T23:00:00Z)}',
            payload = jsonb_set(payload, '{versions}', (select jsonb_object_agg(
              to_char(timestamp '2026-10-31T23:00:00' + n * interval '1 day', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
              case n when 3 then null when 2 then 7 else 6 end) from generate_series(0, 3) as n))
      where id = (select min(id) from iroko.event where asset = 'visits' and type = 'materialization') returning id`,
  );
  const event = (await all(client.assets.events({ key: "visits" }))).find(({ id }) => id === rows[0]!.id)!;
  assert.equal(event.partitions, "2026-11-01..2026-11-04");
  assert.deepEqual((event.payload as { readonly versions: unknown }).versions, [
    { version: 6, partitions: "2026-11-01..2026-11-02" },
    { version: 7, partitions: "2026-11-03" },
    { version: null, partitions: "2026-11-04" },
  ]);
});
