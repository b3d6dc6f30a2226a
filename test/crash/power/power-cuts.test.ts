/**
 * The power fails while an embedded Postgres and a local store are at work on one disk. Whatever had been said to be done is
 * there when power is back, and the rest is made without a hand. `SEED=…` repeats a run; docs/guide/power-cuts.md tells how it
 * works.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seeded } from "../../support/seeded.ts";
import { effort, isLong } from "../effort.ts";
import { describeMilliseconds } from "../figures.ts";
import { cutPower, whyNot, type Cut, type LabOptions } from "./power-cuts.ts";

const { seed } = seeded();
const missing = whyNot();
const minute = 60_000;

describe("power cuts", { skip: missing !== undefined && `no power can be cut here: ${missing}` }, () => {
  test(
    "nothing acknowledged is lost, whenever the power fails, and the rest is made by itself",
    { timeout: effort(9, 150) * minute },
    async (t) => {
      const cuts = await all({ cuts: effort(3, 200), days: effort(2, 10), seed, unsafe: [] }, (soFar) =>
        console.log(soFar),
      );
      t.diagnostic(figures(cuts));
      assert.deepEqual(cuts.filter(isDamaged), []);
      assert.ok(
        cuts.some(({ acknowledged }) => acknowledged > 0),
        "something had been acknowledged",
      );
    },
  );

  test(
    "with durability switched off, the same cuts lose objects and what the tables say",
    { timeout: effort(9, 20) * minute },
    async (t) => {
      const lost: string[] = [];
      // The system writes everything by itself now and then: work that it has just written loses nothing, and is done again.
      for (let again = 0; again < 4 && !(lost.some(isOfAnObject) && lost.some(isOfARow)); again++) {
        const cuts = await all({ cuts: effort(2, 10), days: 2, seed: seed + again, unsafe: ["files", "postgres"] });
        t.diagnostic(`control: ${figures(cuts)}`);
        lost.push(...cuts.flatMap((cut) => [...cut.lost, ...cut.corrupt]));
      }
      assert.ok(lost.some(isOfAnObject), "objects are lost");
      assert.ok(lost.some(isOfARow), "rows are lost");
    },
  );

  test(
    "without the fsyncs of our own, objects are lost that Postgres knows",
    { skip: !isLong && "npm run crash:long runs it", timeout: 20 * minute },
    async (t) => {
      const cuts = await all({ cuts: 10, days: 4, seed, unsafe: ["files"] });
      t.diagnostic(`control of files: ${figures(cuts)}`);
      assert.ok(cuts.some(({ lost, corrupt }) => [...lost, ...corrupt].some(isOfAnObject)));
    },
  );
});

const isOfAnObject = (what: string): boolean => what.startsWith("the object of ");
const isOfARow = (what: string): boolean => !/^(the object of|what was published of) /.test(what);

/** @param progress told after every twentieth cut: the long form takes an hour, and may be stopped */
async function all(options: LabOptions, progress?: (soFar: string) => void): Promise<readonly Cut[]> {
  const cuts: Cut[] = [];
  for await (const cut of cutPower(options)) {
    cuts.push(cut);
    if (cuts.length % 20 === 0) progress?.(figures(cuts));
  }
  return cuts;
}

const isDamaged = ({ lost, corrupt }: Cut): boolean => lost.length + corrupt.length > 0;

function figures(cuts: readonly Cut[]): string {
  const goesOn = cuts.flatMap(({ goesOnAfterSeconds: seconds }) => (seconds === undefined ? [] : [seconds * 1000]));
  const [lost, corrupt] = [cuts.filter((cut) => cut.lost.length > 0), cuts.filter((cut) => cut.corrupt.length > 0)];
  return `seed ${seed}: ${cuts.length} power cuts, lost ${lost.length}, corrupt ${corrupt.length}, going on ${describeMilliseconds(goesOn)}`;
}
