/**
 * Every commit is looked at once more, ten minutes later, whoever crashed or not: a store may have said yes to what a power
 * cut then took. Where the staged object or the stable one is missing or different, it is put there again from the file that
 * its builder kept, or from the other of the two; where nothing of it is left, a run makes it anew. Any worker does it, in
 * batches, and may do it twice.
 */
import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { postgresClock } from "../instance/clock.ts";
import { appendEvents } from "../instance/events.ts";
import { currentLocation } from "../instance/locations.ts";
import {
  postponeCommits,
  recordRestored,
  recordUnpublished,
  settleCommits,
  takeDueCommits,
  type CommitRow,
} from "../instance/verify.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import { partitionOf, setOfPartitions } from "../partitions/partitions-in.ts";
import { sha256OfFile, type BuiltFiles } from "./built-files.ts";
import { stableKey } from "./object-keys.ts";
import { ownErrorRecord } from "./own-error.ts";
import { planRequest } from "./plan-request.ts";
import { publishPartition, type PublishContext } from "./publish.ts";
import { readMoment } from "./read-moment.ts";
import { assetOf } from "./step-definition.ts";
import { submitRun } from "./submit-run.ts";

export interface VerifyContext extends PublishContext {
  readonly location: string;
  readonly built: BuiltFiles;
  /** A folder for what has to be fetched. */
  readonly scratch: string;
}

/** What has become of a commit, and by which means. */
type Finding =
  | { readonly found: "whole" }
  | { readonly found: "repaired"; readonly how: readonly string[] }
  /** Its file may be kept on another machine, whose worker will come by. */
  | { readonly found: "elsewhere" }
  | { readonly found: "lost" }
  /** Nobody could tell: it stays due. */
  | { readonly found: "failed"; readonly error: unknown };

const atOnce = 32;
/** In one go; the rest is the next one's. */
const mostBatches = 64;
const leaseSeconds = 300;
const elsewhereSeconds = 20;
const elsewhereMinutes = 30;
/** A run is asked for again after this long if the version is still lost. */
const lostSeconds = 3600;

/** @param now the database's clock unless it is given */
export async function verifyCommits(
  context: VerifyContext,
  signal: AbortSignal,
  now?: Temporal.Instant,
): Promise<void> {
  const { db, snapshot } = context;
  const assets = snapshot.assets.flatMap(({ key, storage }) => (storage === undefined ? [] : key));
  const lost: CommitRow[] = [];
  const failures: unknown[] = [];
  for (let batch = 0; batch < mostBatches && !signal.aborted && failures.length === 0; batch += 1) {
    const commits = await takeDueCommits(db, assets, atOnce, leaseSeconds, now);
    const findings = await Promise.all(
      commits.map((commit) => mend(context, commit).catch((error: unknown): Finding => ({ found: "failed", error }))),
    );
    failures.push(...findings.flatMap((finding) => (finding.found === "failed" ? [finding.error] : [])));
    const those = (found: Finding["found"]) => commits.filter((_, place) => findings[place]?.found === found);
    lost.push(...those("lost"));
    await postponeCommits(db, those("elsewhere"), elsewhereSeconds);
    await tell(context, commits, findings);
    await settleCommits(db, [...those("whole"), ...those("repaired")]);
    if (commits.length < atOnce) break;
  }
  if (lost.length > 0) await makeAnew(context, lost);
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} commits could not be verified`);
}

async function mend(context: VerifyContext, commit: CommitRow): Promise<Finding> {
  const { db, store, snapshot, incarnation } = context;
  const { asset, partition, objectKey, version } = commit;
  const definition = assetOf(snapshot, asset);
  if (definition?.storage === undefined) return { found: "whole" };
  const stable = stableKey(definition.storage, partitionOf(definition.partitions, partition));
  const how: string[] = [];
  const there = await store.head(objectKey);
  if (there?.etag !== commit.etag || there.bytes !== commit.bytes) {
    const restored = await restore(context, commit, there !== undefined, stable);
    if (restored === undefined) {
      const waits =
        commit.machine !== null &&
        commit.machine !== context.built.machine &&
        commit.ageSeconds < elsewhereMinutes * 60;
      return { found: waits ? "elsewhere" : "lost" };
    }
    how.push(restored);
  }
  if (!(await store.isPublished(objectKey, stable, { incarnation, version }))) {
    await recordUnpublished(db, commit);
    await publishPartition(context, asset, partition);
    how.push("published again");
  }
  return how.length === 0 ? { found: "whole" } : { found: "repaired", how };
}

/** Makes the staged object what it was; undefined: its bytes are nowhere to be had. */
async function restore(
  context: VerifyContext,
  commit: CommitRow,
  isThere: boolean,
  stable: string,
): Promise<string | undefined> {
  const { db, built } = context;
  const { objectKey, sha256, bytes } = commit;
  const store = context.store.for({ run: commit.run, purpose: "verify" });
  const fetched = join(context.scratch, randomUUID());
  try {
    // Its bytes may be right, and only its ETag another one: a bucket was moved, a folder copied.
    if (isThere && (await bytesAt(objectKey)) !== undefined) {
      const { etag = "" } = (await store.head(objectKey)) ?? {};
      await recordRestored(db, { ...commit, etag });
      return "its ETag was another one";
    }
    const kept = await keptFile();
    const path = kept ?? ((await store.head(stable))?.bytes === bytes ? await bytesAt(stable) : undefined);
    if (path === undefined) return undefined;
    if (isThere) await store.delete(objectKey);
    const { etag } = await store.stage(objectKey, { path, bytes, sha256 }, { again: true });
    await recordRestored(db, { ...commit, etag });
    return `staged again from the ${kept === undefined ? "stable object" : "built file"}`;
  } finally {
    await rm(fetched, { force: true });
  }

  async function keptFile(): Promise<string | undefined> {
    const { machine, file } = commit;
    return file !== null && machine === built.machine && (await sha256OfFile(file)) === sha256 ? file : undefined;
  }

  /** A file of the object's bytes; undefined when they are not the version's. */
  async function bytesAt(key: string): Promise<string | undefined> {
    const local = store.localFile(key);
    if (local === undefined) {
      await mkdir(context.scratch, { recursive: true });
      try {
        await store.download(key, fetched);
      } catch (error) {
        if (notTheseBytes.has(ownErrorRecord(error).code)) return undefined;
        throw error;
      }
    }
    const file = local ?? fetched;
    return (await sha256OfFile(file)) === sha256 ? file : undefined;
  }
}

const notTheseBytes: ReadonlySet<string> = new Set(["OBJECT_NOT_FOUND", "OBJECT_CHANGED", "OBJECT_DAMAGED"]);

async function tell(
  { db, snapshot }: VerifyContext,
  commits: readonly CommitRow[],
  findings: readonly Finding[],
): Promise<void> {
  await appendEvents(
    db,
    commits.flatMap(({ asset, partition, version }, place) => {
      const finding = findings[place];
      if (finding?.found !== "repaired") return [];
      const { partitions } = assetOf(snapshot, asset)!;
      const set = setOfPartitions(partitions, [partitionOf(partitions, partition)]);
      return [{ type: "version_repaired", asset, partitions: set, payload: { version, how: finding.how } }] as const;
    }),
  );
}

/** Asks for runs, upstream first: what reads a lost version is made once that is there again. */
async function makeAnew({ db, ...context }: VerifyContext, lost: readonly CommitRow[]): Promise<void> {
  const location = await currentLocation(db, context.location);
  const isLost = new Set(lost.map(({ asset }) => asset));
  for (const asset of isLost) {
    // Those that are still current: others have been made anew meanwhile.
    const ofAsset = lost.filter((commit) => commit.asset === asset);
    const commits = await postponeCommits(db, ofAsset, leaseSeconds);
    const compute = location?.snapshot.computes.find(({ outputs }) => outputs.some((output) => output.asset === asset));
    if (commits.length === 0 || location === undefined || compute === undefined) continue;
    if (compute.deps.some((dep) => isLost.has(dep.asset))) continue;
    const { partitions } = assetOf(location.snapshot, asset)!;
    const set = setOfPartitions(
      partitions,
      commits.map(({ partition }) => partitionOf(partitions, partition)),
    );
    const text = formatPartitions(partitions, set);
    const moment = await readMoment(db, location.snapshot, await postgresClock(db));
    const wanted = text === "" ? { kind: "unspecified" as const } : { kind: "text" as const, text };
    const plan = await planRequest(db, location.snapshot, { select: asset, partitions: wanted, force: true }, moment);
    const run = await submitRun(db, {
      location,
      plan,
      selection: asset,
      partitions: text,
      asOf: moment,
      trigger: "verify",
    });
    await appendEvents(db, [{ type: "version_lost", asset, partitions: set, payload: { run } }]);
    await postponeCommits(db, commits, lostSeconds);
  }
}
