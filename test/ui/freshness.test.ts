/** How far in time an asset is fresh: by ranges and boxes, as a walk over every partition would say it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  containsPartition,
  daily,
  dynamic,
  existing,
  fixed,
  multi,
  partitionsIn,
  setOfPartitions,
  type Partition,
  type PartitionsDefinition,
} from "@iroko/core";
import fc from "fast-check";
import { freshnessOf, type Freshness } from "../../packages/ui/src/model/freshness.ts";

const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const now = Temporal.Instant.from("2026-11-06T10:00:00Z");
const moment = { now, dynamicKeys: new Map([["tenants", ["a", "b", "c"]]]) };
const shops = fixed(["Jos", "Kano", "Lagos", "Uyo"]);

/** Of the partitions whose keys pass. */
function freshness(definition: PartitionsDefinition, isFresh: (key: string) => boolean): Freshness {
  const exists = existing(definition, moment);
  const fresh = [...partitionsIn(definition, exists)].filter(({ key }) => isFresh(key));
  return freshnessOf(definition, setOfPartitions(definition, fresh), exists);
}

test("an asset of days is fresh to the last day that is", () => {
  assert.deepEqual(
    freshness(days, (day) => day === "2026-11-02" || day === "2026-11-04"),
    { freshTo: "2026-11-04", lagging: null },
  );
  assert.deepEqual(
    freshness(days, () => false),
    { freshTo: null, lagging: null },
  );
});

test("an asset of keys alone is fresh to no time", () => {
  const nowhere = { freshTo: null, lagging: null };
  assert.deepEqual(
    freshness(shops, () => true),
    nowhere,
  );
  assert.deepEqual(
    freshness(multi({ shop: shops, tenant: dynamic("tenants") }), () => true),
    nowhere,
  );
});

test("of several dimensions it is fresh as far as most keys are, and says which lag", () => {
  const cube = multi({ shop: shops, day: days });
  assert.deepEqual(
    freshness(cube, () => true),
    { freshTo: "2026-11-05", lagging: null },
  );
  assert.deepEqual(
    freshness(cube, (key) => !/Kano,day=2026-11-0[45]|Uyo/.test(key)),
    {
      freshTo: "2026-11-05",
      lagging: {
        dimensions: ["shop"],
        count: 2,
        of: 4,
        furthest: [
          { key: "Uyo", freshTo: null },
          { key: "Kano", freshTo: "2026-11-03" },
        ],
      },
    },
  );
  const few = freshness(cube, (key) => key === "shop=Jos,day=2026-11-02");
  assert.deepEqual([few.freshTo, few.lagging?.count], [null, 3]);
});

test("combinations of several other keys are named by all of them", () => {
  const cube = multi({ day: days, shop: shops, tenant: dynamic("tenants") });
  const { lagging } = freshness(cube, (key) => key !== "day=2026-11-05,shop=Kano,tenant=b");
  assert.deepEqual(lagging, {
    dimensions: ["shop", "tenant"],
    count: 1,
    of: 12,
    furthest: [{ key: "shop=Kano,tenant=b", freshTo: "2026-11-04" }],
  });
});

test("whatever is fresh, boxes say what a walk over all partitions says", () => {
  const cube = multi({ shop: shops, day: days, tenant: dynamic("tenants") });
  const all = [...partitionsIn(cube, existing(cube, moment))];
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: all.length, maxLength: all.length }), (marks) => {
      const fresh = setOfPartitions(
        cube,
        all.filter((_, at) => marks[at]),
      );
      const told = freshnessOf(cube, fresh, existing(cube, moment));
      const walked = walk(all.filter((partition) => containsPartition(fresh, partition)));
      assert.deepEqual([told.freshTo, told.lagging?.count ?? 0], [walked.freshTo, walked.lagging]);
    }),
    { seed: 20261122, numRuns: 200 },
  );

  function walk(fresh: readonly Partition[]): { readonly freshTo: string | null; readonly lagging: number } {
    const other = ({ dimensions }: Partition): string => `${dimensions!["shop"]!.key} ${dimensions!["tenant"]!.key}`;
    const keys = [...new Set(all.map(other))];
    const lasts = keys.map((key) =>
      fresh
        .filter((partition) => other(partition) === key)
        .map(({ dimensions }) => dimensions!["day"]!.key)
        .toSorted()
        .at(-1),
    );
    const reach = (day: string): number => lasts.filter((last) => last !== undefined && last >= day).length;
    const known = [...new Set(lasts.filter((last) => last !== undefined))].toSorted();
    const freshTo = known.findLast((day) => 2 * reach(day) >= keys.length) ?? null;
    const lagging = lasts.filter((last) => last === undefined || (freshTo !== null && last < freshTo)).length;
    return { freshTo, lagging };
  }
});
