/**
 * Looks at every invariant there is, in the tables and between them and the store: what it finds is wrong, however it came
 * about. What workers restore within seconds is looked at twice, so that a busy instance is not blamed for being busy.
 */
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { SnapshotAsset } from "../definitions/snapshot.ts";
import type { Database } from "../instance/database.ts";
import {
  brokenRules,
  forgetSummary,
  forgetVersion,
  namedVersions,
  recountRun,
  verifyNow,
  type BrokenRule,
  type NamedVersion,
} from "../instance/invariants.ts";
import { verifyAudit } from "../access/verify-audit.ts";
import { recordTransfers } from "../instance/transfers.ts";
import { recordUnpublished } from "../instance/verify.ts";
import { instanceFacts, listLocations } from "../instance/locations.ts";
import { partitionIfAny } from "../partitions/table-name.ts";
import { shellQuote } from "../shell-quote.ts";
import { bootId } from "./boot-id.ts";
import { nameOf } from "./child/partition-record.ts";
import { markerKey, ownerOf, storeTaken } from "./claim-store.ts";
import { gatedStore } from "./gated-store.ts";
import { openGate } from "./network-gate.ts";
import { damageOf } from "./object-damage.ts";
import { stableKey } from "./object-keys.ts";
import { publishPartition } from "./publish.ts";
import { reconcile } from "./reconcile.ts";
import { sweeper } from "./sweep.ts";
import type { Store } from "./store.ts";
import { defaultGraceHours, vacuum } from "./vacuum.ts";

/** Something that is not as it must be. */
export interface Violation {
  readonly rule: string;
  readonly message: string;
  /** The command that mends it, or what to do. */
  readonly remedy: string;
  /** Mends it, or sees to it that a worker does; absent where a person decides. */
  readonly repair?: () => Promise<void>;
}

export interface StrictOptions {
  readonly now: Temporal.Instant;
  /** Between the two looks at what may be under way; 5 by default. */
  readonly settleSeconds?: number;
}

const repairCommand = "iroko doctor --strict --repair";
const versionsAtOnce = 1000;
const looksAtOnce = 16;
/** The workers' own look over the store comes once a day: what is older than two should be gone. */
const forgottenHours = defaultGraceHours + 24;

export async function* violations(
  db: Database,
  store: Store,
  { now, settleSeconds = 5 }: StrictOptions,
): AsyncGenerator<Violation, void, undefined> {
  yield* ofTables(db, settleSeconds);
  yield* ofAudit(db);
  const foreign = await notOurs(db, store);
  // What another store lacks says nothing of ours.
  if (foreign !== undefined) return yield foreign;
  yield* ofVersions(db, store, settleSeconds);
  yield* ofGarbage(db, store, now);
}

async function* ofAudit(db: Database): AsyncGenerator<Violation, void, undefined> {
  const { fault } = await verifyAudit(db);
  if (fault === undefined) return;
  yield {
    rule: "audit that was changed",
    message: `row ${fault.seq} of the audit is ${fault.fault}`,
    remedy: "Compare it with a backup; whoever could change it may do anything in this database.",
  };
}

async function* ofTables(db: Database, settleSeconds: number): AsyncGenerator<Violation, void, undefined> {
  const first = await brokenRules(db);
  if (first.length === 0) return;
  await delay(settleSeconds * 1000);
  const before = new Set(first.map(nameOfBroken));
  const still = (await brokenRules(db)).filter((broken) => before.has(nameOfBroken(broken)));
  const told = new Map<string, number>();
  for (const broken of still) {
    const count = (told.get(broken.rule) ?? 0) + 1;
    told.set(broken.rule, count);
    const more = count === 1 && broken.total > 1 ? ` (${broken.total} in all)` : "";
    const repair = repairOf(db, broken);
    yield {
      rule: broken.rule,
      message: `${broken.subject}${broken.run === null || broken.subject.startsWith("run ") ? "" : ` of run ${broken.run}`}: ${broken.found}${more}`,
      remedy: remedyOf(broken),
      ...(repair === undefined ? {} : { repair }),
    };
  }
}

const nameOfBroken = ({ rule, subject, run }: BrokenRule): string => `${rule} ${subject} ${run ?? ""}`;

function remedyOf({ rule, asset }: BrokenRule): string {
  switch (rule) {
    case "running step without a worker":
    case "admitted step without a wake-up":
    case "step behind nothing":
    case "partition busy with nothing":
      return `A live worker mends it within seconds: iroko worker. Or: ${repairCommand}`;
    case "blocked by what has ended":
    case "waiting for other than its arrows":
    case "run counts other than its steps":
    case "run without an end":
    case "summary other than its partitions":
      return repairCommand;
    case "pool over its limit":
      return "It empties as its steps end; a limit that was lowered meanwhile counts from the next claim on.";
    case "version out of order":
      return `Make the partition again, which gives it a higher number: iroko materialize --select ${shellQuote(asset ?? "")} …`;
  }
}

function repairOf(db: Database, { rule, run, asset }: BrokenRule): Violation["repair"] {
  switch (rule) {
    case "running step without a worker":
    case "admitted step without a wake-up":
    case "step behind nothing":
    case "partition busy with nothing":
      return () => asWorkersDo(db);
    case "blocked by what has ended":
    case "waiting for other than its arrows":
    case "run counts other than its steps":
    case "run without an end":
      return run === null ? undefined : () => db.transaction((tx) => recountRun(tx, run));
    case "summary other than its partitions":
      return asset === null ? undefined : () => forgetSummary(db, asset);
    default:
      return undefined;
  }
}

/** What every live worker does within seconds, once. */
async function asWorkersDo(db: Database): Promise<void> {
  await sweeper(db, () => performance.now(), { host: hostname(), bootId: bootId() }).sweep();
  for (const { name } of await listLocations(db)) await reconcile(db, name);
}

async function notOurs(db: Database, store: Store): Promise<Violation | undefined> {
  const [{ id }, owner, [first]] = await Promise.all([
    instanceFacts(db),
    ownerOf(store),
    namedVersions(db, undefined, 1),
  ]);
  if (owner === id || (owner === undefined && first === undefined)) return undefined;
  if (owner === undefined) {
    return {
      rule: "store without its marker",
      message: `${store.uriOf(markerKey)} is missing, which says whose the store is`,
      remedy:
        "Is IROKO_STORE the store that this instance uses? Then its next worker puts the marker there: iroko worker",
    };
  }
  const { message, hint = "" } = storeTaken(store, owner, id);
  return { rule: "store of another instance", message, remedy: hint };
}

interface Place {
  readonly asset: SnapshotAsset | undefined;
  readonly name: string;
  readonly stable: string | undefined;
  /** Makes it again. */
  readonly command: string;
}

async function* ofVersions(
  db: Database,
  store: Store,
  settleSeconds: number,
): AsyncGenerator<Violation, void, undefined> {
  const { incarnation } = await instanceFacts(db);
  const ownStore = gatedStore(store, openGate, (transfer) => recordTransfers(db, [transfer]));
  const locations = await listLocations(db);
  const assets = new Map(
    locations.flatMap(({ snapshot }) => snapshot.assets.map((asset) => [asset.key, asset] as const)),
  );
  for (let after: NamedVersion | undefined; ;) {
    const page = await namedVersions(db, after, versionsAtOnce);
    for (let at = 0; at < page.length; at += looksAtOnce) {
      const some = page.slice(at, at + looksAtOnce);
      const looked = await Promise.all(some.map((version) => lookAt(version)));
      if (looked.every((found) => found.length === 0)) continue;
      // A version may have been replaced, published or collected since its row was read.
      await delay(settleSeconds * 1000);
      for (const [place, version] of some.entries()) {
        if (looked[place]!.length === 0) continue;
        const { asset, partition } = version;
        const again = (await namedVersions(db, { ...version, version: version.version - 1 }, 1))[0];
        if (again?.asset === asset && again.partition === partition && again.version === version.version)
          yield* await lookAt(again);
      }
    }
    if (page.length < versionsAtOnce) return;
    after = page.at(-1);
  }

  async function lookAt(named: NamedVersion): Promise<readonly Violation[]> {
    const { version, objectKey, current, publishedVersion } = named;
    const place = placeOf(assets.get(named.asset), named);
    const remedy = `${repairCommand}; or make it again: ${place.command}`;
    const damage = await damageOf(store, named);
    if (damage !== undefined) {
      const message = `${place.name}, version ${version}: the object ${store.uriOf(objectKey)} ${damage}`;
      return [
        current
          ? {
              rule: "pointer without its object",
              message,
              remedy,
              // From wherever its bytes still are, which the workers' machines know; else by a run.
              repair: () => verifyNow(db, named.asset, named.partition),
            }
          : {
              rule: "kept version without its object",
              message,
              remedy: `Restore the object from a backup of the store, or forget the version: ${repairCommand}`,
              repair: () => forgetVersion(db, named),
            },
      ];
    }
    if (!current || place.stable === undefined) return [];
    const repair = async (): Promise<void> => {
      await recordUnpublished(db, named);
      const snapshot = locations.find((one) => one.snapshot.assets.includes(place.asset!))!.snapshot;
      await publishPartition({ db, store: ownStore, snapshot, incarnation }, named.asset, named.partition);
    };
    if (publishedVersion !== version) {
      if (!named.settled) return [];
      const message = `${place.name}: version ${version} is current, and ${publishedVersion === null ? "none" : `version ${publishedVersion}`} is published`;
      return [
        {
          rule: "published other than the pointer",
          message,
          remedy: `A live worker publishes it within seconds: iroko worker. Or: ${repairCommand}`,
          repair,
        },
      ];
    }
    if (await store.isPublished(objectKey, place.stable, { incarnation, version })) return [];
    const there = await store.head(place.stable);
    const newer =
      there?.version !== undefined &&
      (there.version.incarnation > incarnation ||
        (there.version.incarnation === incarnation && there.version.version > version));
    const uri = store.uriOf(place.stable);
    return [
      newer
        ? {
            rule: "object newer than its pointer",
            message: `${place.name}: ${uri} holds version ${there.version.version}, the pointer shows ${version}`,
            remedy,
            repair,
          }
        : {
            rule: "published other than the pointer",
            message: `${place.name}: ${uri} ${there === undefined ? "is missing" : `is not version ${version}`}`,
            remedy,
            repair,
          },
    ];
  }
}

function placeOf(asset: SnapshotAsset | undefined, { asset: key, partition: id }: NamedVersion): Place {
  const partition = asset && partitionIfAny(asset.partitions, id);
  const select = `iroko materialize --select ${shellQuote(key)}`;
  if (asset === undefined || partition === undefined)
    return { asset, name: id === "" ? key : `${key}@${id}`, stable: undefined, command: `${select} …` };
  return {
    asset,
    name: nameOf(key, partition),
    stable: asset.storage && stableKey(asset.storage, partition),
    command: partition.key === "" ? select : `${select} --partition ${shellQuote(partition.key)}`,
  };
}

async function* ofGarbage(
  db: Database,
  store: Store,
  now: Temporal.Instant,
): AsyncGenerator<Violation, void, undefined> {
  const remedy = "iroko vacuum";
  const repair = async (): Promise<void> => {
    await Array.fromAsync(vacuum(db, store, { now, graceHours: forgottenHours }));
  };
  const left = { object: 0, upload: 0, bytes: 0 };
  for await (const { kind, bytes } of vacuum(db, store, { now, graceHours: forgottenHours, dryRun: true })) {
    left[kind] += 1;
    left.bytes += bytes;
  }
  const days = Math.round(forgottenHours / 24);
  if (left.object > 0)
    yield {
      rule: "object that nothing names",
      message: `${left.object} staged objects, ${left.bytes} bytes, are older than ${days} days and named by nothing`,
      remedy,
      repair,
    };
  if (left.upload > 0)
    yield {
      rule: "upload that nobody goes on with",
      message: `${left.upload} multipart uploads are abandoned`,
      remedy,
      repair,
    };
}
