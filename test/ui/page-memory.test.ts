/** A page that stays open all day: what has happened is not kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithoutChromium as skip } from "../support/chromium.ts";
import { openPage } from "./browser.ts";
import { recordStream } from "./recorded-stream.ts";
import { sample } from "./sample.ts";

const eventsARound = 2_500;
const rounds = 3;
/** What is parsed of one takes some hundreds. */
const mostBytesAnEvent = 50;

test("thousands of events leave nothing behind in the page's memory", { skip, timeout: 400_000 }, async () => {
  await using at = await sample({ worker: false });
  await using visit = await openPage("about:blank");
  const { page } = visit;
  const recorded = await recordStream(page);
  await page.goto(at.url);
  await page.waitForSelector(".card");
  const inspector = await page.context().newCDPSession(page);
  const happen = async (): Promise<void> => {
    await at.instance.db.query(
      `insert into iroko.event (type, asset, payload) select 'materialization', 'raw_sales', jsonb_build_object('number', n)
         from generate_series(1, $1::integer) n`,
      [eventsARound],
    );
    await recorded.isWhole(at.instance);
  };
  const used = async (): Promise<{ readonly bytes: number; readonly nodes: number; readonly listeners: number }> => {
    // What is freed may free others.
    for (let time = 0; time < 3; time += 1) await inspector.send("HeapProfiler.collectGarbage");
    const { usedSize } = await inspector.send("Runtime.getHeapUsage");
    const { nodes, jsEventListeners } = await inspector.send("Memory.getDOMCounters");
    return { bytes: usedSize, nodes, listeners: jsEventListeners };
  };
  await happen();
  const before = await used();
  for (let round = 0; round < rounds; round += 1) await happen();
  const after = await used();
  const said = JSON.stringify({ before, after });
  assert.ok(after.bytes - before.bytes < rounds * eventsARound * mostBytesAnEvent, said);
  assert.ok(after.nodes <= before.nodes + 100 && after.listeners <= before.listeners + 100, said);
});
