import { api } from "@iroko/core/client";
import {
  clockOff,
  databaseFacts,
  instanceFacts,
  isOff,
  listLocationHistory,
  listPools,
  listWorkers,
  lookAtClocks,
  queueByLocation,
  secondsAhead,
  setPool as changePool,
  storeFacts,
} from "@iroko/core/engine";
import type { Answer } from "../http/answer.ts";
import { pageOf } from "../http/page-of.ts";
import { sliceAfter } from "../http/slice-after.ts";
import { openApiDocument } from "../http/openapi.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";

export function instanceApi(answer: Answer, { db, now, catalog, store: kind }: Instance): void {
  const { get, health, locations, pools, setPool, queues, store, database, openapi } = api.instance;
  const document = openApiDocument();

  answer(openapi, async () => document);

  answer(get, async () => {
    const [{ id, incarnation }, { timezone }] = await Promise.all([instanceFacts(db), catalog()]);
    return { id, incarnation, now: now(), timezone, store: kind ?? null };
  });

  answer(locations, (input) =>
    pageOf(locations, input, {
      read: ({ limit, after }) =>
        listLocationHistory(db, {
          limit,
          ...(after === undefined ? {} : { after: JSON.parse(after) as [string, number] }),
        }),
      cursor: ({ name, version }) => JSON.stringify([name, version]),
      item: (row) => row,
    }),
  );

  answer(pools, async (input) => {
    const all = await listPools(db, [...namedPools(await catalog())]);
    return pageOf(pools, input, {
      read: async (page) => sliceAfter(all, ({ name }) => name, page),
      cursor: ({ name }) => name,
      item: (row) => row,
    });
  });

  answer(setPool, async ({ name, slots }) => {
    const named = namedPools(await catalog()).has(name);
    await db.transaction((tx) => changePool(tx, name, slots));
    return { name, slots, named };
  });

  answer(queues, async (input) => {
    const all = await queueByLocation(db);
    return pageOf(queues, input, {
      read: async (page) => sliceAfter(all, ({ location }) => location, page),
      cursor: ({ location }) => location,
      item: (row) => row,
    });
  });

  answer(store, () => storeFacts(db));

  answer(database, () => databaseFacts(db));

  answer(health, async () => {
    const [workers, { locations }, look] = await Promise.all([listWorkers(db), catalog(), lookAtClocks(db)]);
    const ahead = secondsAhead(look);
    return {
      status: "ok" as const,
      clock: {
        here: look.here,
        postgres: look.postgres,
        secondsAhead: Math.round(ahead * 1000) / 1000,
        ...(isOff(ahead) ? { problem: clockOff(look).toRecord() } : {}),
      },
      locations: locations.map(({ name, version, registeredAt }) => ({ name, version, registeredAt })),
      workers: workers.map(({ lockGone, ...worker }) => ({
        id: worker.id,
        location: worker.location,
        host: worker.host,
        pid: worker.pid,
        slots: worker.slots,
        running: worker.running,
        draining: worker.draining,
        startedAt: worker.startedAt,
        secondsAhead: worker.clockAhead,
        roundTripMs: worker.roundTripMs,
        loopDelayMs: worker.loopDelayMs,
        alive: !lockGone,
      })),
    };
  });
}

/** Those that assets of any code location name. */
function namedPools({ locations }: Catalog): ReadonlySet<string> {
  return new Set(locations.flatMap(({ snapshot }) => snapshot.computes.flatMap((compute) => compute.pools)));
}
