/**
 * What is happening, read once for everybody who follows it. While anybody does, one reader asks Postgres for the next
 * events and for the counts of runs; whoever comes late, or comes back, reads by itself up to where that reader is, and goes
 * along from there. Nothing is told twice, left out or out of order: each follower has its own place.
 */
import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { StreamMessage } from "@iroko/core/client";
import {
  beforeEvents,
  countsOfRuns,
  isPlaceKept,
  newestEvent,
  readEvents,
  type Database,
  type EventCursor,
  type EventRow,
  type RunCountsRow,
} from "@iroko/core/engine";
import type { Sendable } from "../http/answer.ts";
import type { Catalog } from "./catalog.ts";
import { eventView } from "./event-view.ts";

export interface Follower {
  readonly of: { readonly run?: string | undefined; readonly asset?: string | undefined };
  /** Where it goes on; from now on where it has none. */
  readonly after?: EventCursor | undefined;
  /** A message and its place; without a message, that it is still there, and nothing of interest was up to the place. */
  send(place: EventCursor | undefined, message?: Sendable<StreamMessage>): void;
  /** Waits until what was sent is on its way. */
  drained(): Promise<void>;
}

export interface Feed {
  /** Returns how to leave. */
  follow(follower: Follower): () => void;
}

export interface FeedOptions {
  readonly everyMs?: number;
  /** How often each follower is told that it is still there. */
  readonly heartbeatMs?: number;
}

interface Following extends Follower {
  /** Undefined before its first message. */
  place: EventCursor | undefined;
  /** Those whose counts it is told when it joins, ended or not. */
  readonly runs: Set<string>;
}

const pageSize = 500;
/** So many runs that have ended are remembered for those who are just joining. */
const endedKept = 1_000;

export function openFeed(
  db: Database,
  catalog: () => Promise<Catalog>,
  { everyMs = 500, heartbeatMs = 15_000 }: FeedOptions = {},
): Feed {
  /** All that have come and not left, and of these the ones that go along. */
  const here = new Set<Following>();
  const joined = new Set<Following>();
  const told = new Map<string, RunCountsRow>();
  let place: EventCursor | undefined;
  let reading: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let heart: NodeJS.Timeout | undefined;

  /** Reads what is new; whoever asks meanwhile waits for the same. */
  const next = (): Promise<void> => {
    clearTimeout(timer);
    reading ??= read()
      .catch(() => wait(everyMs)) // Postgres is away: it is asked again
      .finally(() => {
        reading = undefined;
        if (here.size > 0) timer = setTimeout(() => void next(), everyMs);
        else rest();
      });
    return reading;
  };

  const read = async (): Promise<void> => {
    place ??= await newestEvent(db);
    const known = await catalog();
    for (;;) {
      const { events, cursor } = await readEvents(db, place, pageSize);
      place = cursor;
      for (const following of joined) tell(following, known, events);
      await readCounts(events);
      if (events.length < pageSize) return;
    }
  };

  const readCounts = async (events: readonly EventRow[]): Promise<void> => {
    const live = [...told.values()].filter(isLive).map(({ run }) => run);
    for (const row of await countsOfRuns(db, [...new Set([...live, ...runsOf(events)])])) {
      if (isDeepStrictEqual(told.get(row.run), row)) continue;
      told.delete(row.run);
      told.set(row.run, row);
      for (const following of joined) tellCounts(following, row);
    }
    const ended = [...told.values()].filter((row) => !isLive(row));
    for (const { run } of ended.slice(0, Math.max(0, ended.length - endedKept))) told.delete(run);
  };

  /** Gives somebody what it has missed, and lets it go along. */
  const join = async (following: Following): Promise<void> => {
    while (place === undefined) {
      if (!here.has(following)) return;
      await next();
    }
    following.place ??= await begin(following, place);
    let looked = 0;
    let counts: readonly RunCountsRow[] = [];
    while (here.has(following)) {
      if (isAfter(place, following.place)) await readUpTo(following, place);
      else if (looked < following.runs.size) {
        looked = following.runs.size;
        counts = await countsOfRuns(db, [...following.runs]);
      } else {
        // Nothing is awaited between the look at its place and this: nothing comes in between.
        joined.add(following);
        const newest = new Map(counts.map((row) => [row.run, row]));
        for (const row of told.values()) if (isLive(row) || newest.has(row.run)) newest.set(row.run, row);
        for (const row of newest.values()) tellCounts(following, row);
        return;
      }
    }
  };

  const begin = async ({ after, send }: Following, now: EventCursor): Promise<EventCursor> => {
    const isKept = after === undefined || !isAfter(after, beforeEvents) || (await isPlaceKept(db, after));
    const from = isKept ? (after ?? now) : now;
    send(from, isKept ? undefined : { type: "reset" });
    return from;
  };

  const readUpTo = async (following: Following, upTo: EventCursor): Promise<void> => {
    const { events } = await readEvents(db, following.place!, pageSize, following.of);
    const known = await catalog();
    for (const event of events) {
      if (!here.has(following)) return;
      tell(following, known, [event]);
      await following.drained();
    }
    if (events.length < pageSize && isAfter(upTo, following.place!)) following.place = upTo;
    for (const run of runsOf(events)) following.runs.add(run);
  };

  /** Nobody is there any more: where it was is of no use to who comes next. */
  const rest = (): void => {
    clearTimeout(timer);
    clearInterval(heart);
    heart = undefined;
    place = undefined;
    told.clear();
  };

  return {
    follow(follower) {
      const { run } = follower.of;
      const following: Following = { ...follower, place: undefined, runs: new Set(run === undefined ? [] : [run]) };
      here.add(following);
      heart ??= setInterval(() => {
        for (const { send, place: at } of here) send(at);
      }, heartbeatMs);
      void (async () => {
        while (here.has(following) && !joined.has(following)) {
          try {
            await join(following);
          } catch {
            await next();
          }
        }
      })();
      return () => {
        here.delete(following);
        joined.delete(following);
        if (here.size === 0 && reading === undefined) rest();
      };
    },
  };
}

const isLive = ({ status }: RunCountsRow): boolean => status === "queued" || status === "running";
const runsOf = (events: readonly EventRow[]): readonly string[] => events.flatMap(({ run }) => run ?? []);

/** In the order in which events are read. */
function isAfter(a: EventCursor, b: EventCursor): boolean {
  return BigInt(a.xid) > BigInt(b.xid) || (a.xid === b.xid && a.id > b.id);
}

function tell(following: Following, catalog: Catalog, events: readonly (EventRow & EventCursor)[]): void {
  const { run, asset } = following.of;
  for (const event of events) {
    if (following.place !== undefined && !isAfter(event, following.place)) continue;
    following.place = { xid: event.xid, id: event.id };
    if ((run !== undefined && event.run !== run) || (asset !== undefined && event.asset !== asset)) continue;
    following.send(following.place, { type: "event", event: eventView(catalog, event) });
  }
}

/** Whoever follows an asset is told of its events alone. */
function tellCounts({ of, send }: Following, progress: RunCountsRow): void {
  if (of.asset === undefined && (of.run === undefined || of.run === progress.run))
    send(undefined, { type: "progress", progress });
}
