/**
 * A worker's sign of life: a session that holds its lock, and a beat. A session that breaks is taken up again within the
 * TTL; after that others may have taken over, and the worker has to go. Not where Postgres' own machine says that there is
 * none, or that it is starting: then nobody else can have taken over either, and the worker waits with its steps, as long
 * as it takes. Should it be the only one who is told so, what it holds commits nothing.
 */
import { randomInt } from "node:crypto";
import type pg from "pg";
import { isOff } from "../automation/clock.ts";
import type { Logger } from "../definitions/io-manager.ts";
import { IrokoError } from "../errors.ts";
import { postgresClock } from "../instance/clock.ts";
import type { Database } from "../instance/database.ts";
import { beat, registerWorker, resumeWorker, workerSessionName, type NewWorker } from "../instance/workers.ts";
import { clockOff } from "./clock-watch.ts";
import { hearRoundTrip, leastTtlSeconds, requireTtl, ttlTooShort, type Link } from "./link-gauge.ts";
import { loopDelay } from "./loop-delay.ts";

const beatEveryMs = 1_000;
/** Before it registers: the quickest of them counts. */
const firstRoundTrips = 5;

export interface KeepAliveOptions {
  readonly worker: NewWorker;
  /** After each beat. */
  readonly onBeat: () => Promise<void>;
  /** Some run is to be canceled. */
  readonly onCancel: () => void;
  /** No beat for one TTL, or others have declared this worker dead. Told once. */
  readonly onLost: (reason: Error) => void;
  /** Why its children have no control groups; empty: they have. */
  readonly bounds: string;
  readonly log?: Logger | undefined;
}

/** Others have declared this worker dead, and have its steps. */
class DeclaredDead extends Error {}

/** @throws {IrokoError} TTL_TOO_SHORT for the link */
export async function keepAlive(db: Database, options: KeepAliveOptions): Promise<{ stop(): Promise<void> }> {
  const { worker } = options;
  const tell = toldOnce(options.log);
  let link: Link | undefined;
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  let session: pg.Client | undefined = await connect(async (client) => {
    const roundTrips: number[] = [];
    while (roundTrips.length < firstRoundTrips) {
      const asked = performance.now();
      await postgresClock(client);
      roundTrips.push(performance.now() - asked);
    }
    requireTtl(worker.ttlSeconds, roundTrips);
    for (const ms of roundTrips) link = hearRoundTrip(link, ms);
    await registerWorker(client, worker, randomInt(2 ** 31));
  });
  /** When Postgres, or its machine in its place, has answered last. */
  let lastHeard = performance.now();
  const loop = loopDelay();

  async function connect(enter: (client: pg.Client) => Promise<void>): Promise<pg.Client> {
    const client = await db.session(workerSessionName(worker.id));
    client.on("error", () => {
      if (session === client) session = undefined;
    });
    client.on("notification", () => options.onCancel());
    try {
      await enter(client);
      await client.query("listen iroko_cancel");
      if (over) throw new Error("stopped meanwhile");
      return client;
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
  }

  async function resume(client: pg.Client): Promise<void> {
    if (!(await resumeWorker(client, worker.id, randomInt(2 ** 31)))) throw new DeclaredDead();
  }

  async function once(): Promise<void> {
    session ??= await connect(resume);
    const { meanMs: roundTripMs = 0, jitterMs = 0 } = link ?? {};
    const [asked, clock] = [performance.now(), Temporal.Now.instant()];
    const ahead = await beat(session, worker.id, {
      clock,
      roundTripMs,
      jitterMs,
      loopDelayMs: loop.longestMs(),
      bounds: options.bounds,
    });
    if (ahead === undefined) throw new DeclaredDead();
    lastHeard = performance.now();
    tell("away", undefined);
    link = hearRoundTrip(link, lastHeard - asked);
    const least = leastTtlSeconds(link);
    tell("ttl", least > worker.ttlSeconds ? ttlTooShort(worker.ttlSeconds, least, link) : undefined);
    const postgres = clock.subtract({ milliseconds: Math.round(ahead * 1000) });
    tell("clock", isOff(ahead) ? clockOff({ here: clock, postgres }, worker.host) : undefined);
    // Of no weight for the beat: what it finds is found again by the next.
    void options.onBeat().catch(() => {});
  }

  const next = (): void => {
    timer = setTimeout(() => {
      const limitMs = worker.ttlSeconds * 1000;
      const silence = Promise.withResolvers<never>();
      const tooLong = setTimeout(
        silence.reject,
        Math.max(0, lastHeard + limitMs - performance.now()),
        new Error("no answer"),
      ).unref();
      void Promise.race([once(), silence.promise])
        .catch((error: unknown) => {
          void session?.end().catch(() => {});
          session = undefined;
          const dead = error instanceof DeclaredDead;
          if (isAway(error)) lastHeard = performance.now();
          tell("away", error instanceof IrokoError && isAway(error) ? error : undefined);
          if (over || (!dead && performance.now() - lastHeard < limitMs)) return;
          over = true;
          options.onLost(
            new Error(
              dead
                ? "this worker was declared dead: others have its steps"
                : `no beat reached the database for ${worker.ttlSeconds} s`,
            ),
          );
        })
        .finally(() => {
          clearTimeout(tooLong);
          if (!over) next();
        });
    }, beatEveryMs);
    timer.unref();
  };
  next();

  return {
    async stop() {
      over = true;
      clearTimeout(timer);
      loop[Symbol.dispose]();
      await session?.end().catch(() => {});
    },
  };
}

/** Refused by the machine on which Postgres should be, or told by Postgres that it stops or starts. */
const awayCodes: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ENOENT", "57P01", "57P02", "57P03"]);

function isAway(error: unknown): boolean {
  const { cause = error } = error as { readonly cause?: unknown };
  return awayCodes.has((cause as { readonly code?: unknown } | undefined)?.code);
}

/** What is wrong is said as it begins, and again only after it had ended. */
function toldOnce(log: Logger | undefined): (about: string, wrong: IrokoError | undefined) => void {
  const told = new Set<string>();
  return (about, wrong) => {
    if (wrong === undefined) return void told.delete(about);
    if (told.has(about)) return;
    told.add(about);
    log?.warn(`${wrong.code} ${wrong.message} ${wrong.hint}`);
  };
}
