/** The grid of an asset's partitions: of every cell, what it says is what its partitions say one by one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  containsPartition,
  countIn,
  cronPartitions,
  daily,
  equalSets,
  existing,
  hourly,
  intersect,
  monthly,
  parsePartitions,
  partitionsIn,
  setOfPartitions,
  union,
  weekly,
  type MomentWithKeys,
  type PartitionSet,
  type SnapshotAsset,
  type TimePartitions,
} from "@iroko/core";
import fc from "fast-check";
import { joined, letterOf, type GridSets } from "../../packages/ui/src/model/grid/letters.ts";
import { gridOf } from "../../packages/ui/src/model/partition-grid.ts";

const timezone = "Africa/Casablanca"; // its clock is set back on 15 February, and forth on 22 March
const now: MomentWithKeys = {
  now: Temporal.Instant.from("2026-04-10T05:00:00Z"),
  dynamicKeys: new Map(),
  keysRevision: 0,
};
const definitions: readonly TimePartitions[] = [
  hourly({ start: "2026-02-13-22:00", timezone }),
  daily({ start: "2025-12-30", timezone }),
  daily({ start: "2025-12-30", timezone, exclusions: ["0 0 * * 0,6"] }),
  weekly({ start: "2025-06-02", timezone }),
  monthly({ start: "2023-11-01", timezone }),
  cronPartitions({ cron: "0 1,7,18 * * *", start: "2026-01-01-00:00", timezone }),
];
const all = definitions.map((definition) => [...partitionsIn(definition, existing(definition, now))]);

/** Some ranges of the partitions that exist. */
const ranges = fc.array(fc.tuple(fc.nat(3_000), fc.nat(60)), { maxLength: 4 });

test("a cell says of its partitions the worst, whatever is made, fails, runs and is stale, and however coarse it is", () => {
  fc.assert(
    fc.property(
      fc.nat(definitions.length - 1),
      fc.record({ made: ranges, failed: ranges, running: ranges, stale: ranges }),
      fc.constantFrom(undefined, "partition" as const, "day" as const, "month" as const, "year" as const),
      fc.option(fc.tuple(fc.nat(3_000), fc.nat(300)), { nil: undefined }),
      (which, chosen, cell, part) => {
        const [definition, partitions] = [definitions[which]!, all[which]!];
        const setOf = (some: readonly (readonly [number, number])[]): PartitionSet =>
          setOfPartitions(
            definition,
            some.flatMap(([from, count]) => {
              const first = from % partitions.length;
              return partitions.slice(first, first + count);
            }),
          );
        const exists = existing(definition, now);
        const none = setOf([]);
        const sets: GridSets = {
          exists,
          missing: none,
          made: setOf([...chosen.made, [0, 30]]),
          failed: setOf(chosen.failed),
          running: setOf(chosen.running),
          stale: setOf(chosen.stale),
        };
        const first = part === undefined ? 0 : part[0] % partitions.length;
        const last = part === undefined ? 0 : Math.min(first + part[1], partitions.length - 1);
        const within = part === undefined ? undefined : `${partitions[first]!.key}..${partitions[last]!.key}`;
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of an asset is looked at
        const asset = { key: "a", partitions: definition } as SnapshotAsset;
        const { rows, count } = gridOf(asset, sets, { within, cell }, now);
        const wanted = within === undefined ? exists : intersect(exists, parsePartitions(definition, within, { now }));
        assert.equal(count, countIn(definition, wanted));
        let covered = none;
        for (const row of rows) {
          assert.equal(row.cells.length, row.keys.length);
          for (const [at, key] of row.keys.entries()) {
            const letter = row.cells[at]!;
            if (key === "") {
              assert.equal(letter, "-");
              continue;
            }
            const mine = intersect(wanted, parsePartitions(definition, key, { now }));
            const letters = Array.from(partitionsIn(definition, mine), (partition) => {
              assert.ok(!containsPartition(covered, partition), `${partition.key} is in one cell only`);
              return letterOf(sets, partition);
            });
            assert.equal(letter, letters.reduce(joined), `${key} of ${row.label}`);
            covered = union(covered, mine);
          }
        }
        assert.ok(equalSets(covered, wanted));
      },
    ),
    { numRuns: 150 },
  );
});
