/**
 * How ten thousand assets stand, asked again and again: all read at each look against what a server keeps, in turns. And what
 * the first request of a server that has just started takes.
 */
import {
  assetStatuses,
  openDatabase,
  openStandings,
  openStatusCache,
  readMoment,
  type StatusCache,
} from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { openCatalog, definitionsIn } from "../packages/ui/src/model/catalog.ts";
import { readHome } from "../packages/ui/src/model/home-view.ts";
import type { Instance } from "../packages/ui/src/model/instance.ts";
import { readLineage } from "../packages/ui/src/model/lineage-view.ts";
import { createMigratedDatabase } from "../test/support/database.ts";
import { fillAtScale, now } from "../test/ui/scale.ts";

const rounds = Number(process.argv[2] ?? 15);
await using database = await createMigratedDatabase();
const db = openDatabase(database.url);
await fillAtScale(db);

const catalog = openCatalog(db);
const known = await catalog();
const instanceOf = (statuses: StatusCache): Instance => ({
  db,
  catalog,
  standings: openStandings(db, statuses),
  now: () => now,
  moment: () => readMoment(db, definitionsIn(known), now),
});
const ways = {
  "all read": instanceOf(
    Object.assign((keys: readonly string[]) => assetStatuses(db, keys), {
      made: (keys: Iterable<string>) => assetStatuses(db, [...keys]),
    }),
  ),
  kept: instanceOf(openStatusCache(db)),
};
const looks: Readonly<Record<string, (instance: Instance) => Promise<unknown>>> = {
  home: (instance) => readHome(instance),
  lineage: (instance) => readLineage(instance, {}),
  "lineage, all": (instance) => readLineage(instance, { whole: true }),
  "status:failed": (instance) => readLineage(instance, { select: "status:failed" }),
};
// In each round one asset has changed.
const change = "update iroko.asset_partition set rows = rows + 1 where asset = 'layer_20_7'";

for (const [look, read] of Object.entries(looks)) {
  const taken = new Map(Object.keys(ways).map((way) => [way, [] as number[]]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [way, instance] of Object.entries(ways)) {
      await db.pool.query(change);
      const from = performance.now();
      await read(instance);
      if (round > 0) taken.get(way)!.push(performance.now() - from);
    }
  }
  const told = Array.from(taken, ([way, times]) => {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (part: number): string => sorted[Math.ceil(part * sorted.length) - 1]!.toFixed(0);
    return `${way} best ${sorted[0]!.toFixed(0)}, median ${at(0.5)}, p95 ${at(0.95)} ms`;
  });
  console.log(`${look.padEnd(14)} ${told.join("; ")}`);
}

for (let round = 0; round < 3; round += 1) {
  const server = await startServer({ instance: { db }, port: 0, now: () => now, statementTimeoutSeconds: 60 });
  const times: string[] = [];
  for (let request = 0; request < 2; request += 1) {
    const from = performance.now();
    await (await fetch(`${server.url}/api/v1/home`)).arrayBuffer();
    times.push((performance.now() - from).toFixed(0));
  }
  console.log(`home of a server that has just started: ${times[0]} ms, then ${times[1]} ms`);
  await server.close();
}
await db.close();
