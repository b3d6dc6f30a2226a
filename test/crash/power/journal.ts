/**
 * What the instance has acknowledged, with the disk's position at that time, kept outside of the disk; and what of it is
 * missing after a power cut. An acknowledgement counts if its position is not behind the cut.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isOver, type InstanceState, type Version } from "./instance-state.ts";
import { objectFile, stableFile } from "./project.ts";

export interface Acknowledged {
  /** The length of the disk's log when it was read. */
  readonly position: number;
  readonly state: InstanceState;
}

export interface Damage {
  /** What was acknowledged and is not there. */
  readonly lost: readonly string[];
  /** What is there and wrong. */
  readonly corrupt: readonly string[];
}

/** The newest acknowledgement that a cut at this position must have kept. */
export function owedAt(journal: readonly Acknowledged[], position: number): InstanceState | undefined {
  return journal.findLast((entry) => entry.position <= position)?.state;
}

/** What a reader of the files finds, before anything has been started. `versions` are all that were ever committed. */
export function damageToFiles(project: string, owed: InstanceState, versions: readonly Version[]): Damage {
  const [lost, corrupt]: [string[], string[]] = [[], []];
  const look = (what: string, file: string, expected: readonly string[]): void => {
    const sha256 = sha256Of(join(project, file));
    if (sha256 === undefined) lost.push(`${what}: ${file} is not there`);
    else if (!expected.includes(sha256)) corrupt.push(`${what}: ${file} is not what it was`);
  };
  for (const { asset, partition, version, objectKey, sha256, publishedVersion } of owed.pointers) {
    const name = `${asset} ${partition} version ${version}`;
    look(`the object of ${name}`, objectFile(objectKey), [sha256]);
    if (publishedVersion === null) continue;
    const atLeast = versions
      .filter((one) => one.asset === asset && one.partition === partition && one.version >= publishedVersion)
      .map((one) => one.sha256);
    look(`what was published of ${name}`, stableFile(asset, partition), atLeast);
  }
  return { lost, corrupt };
}

/** What the instance has forgotten. */
export function damageToTables(owed: InstanceState, now: InstanceState, versions: readonly Version[]): Damage {
  const [lost, corrupt]: [string[], string[]] = [[], []];
  for (const [what, then, since] of [
    ["run", owed.runs, now.runs],
    ["step", owed.steps, now.steps],
  ] as const) {
    for (const [id, status] of Object.entries(then)) {
      const found = since[id];
      if (found === undefined) lost.push(`${what} ${id}, ${status}, is unknown`);
      else if (isOver(status) && found !== status) lost.push(`${what} ${id} was ${status} and is ${found}`);
    }
  }
  for (const { asset, partition, version, sha256, publishedVersion } of owed.pointers) {
    const name = `${asset} ${partition}`;
    const pointer = now.pointers.find((one) => one.asset === asset && one.partition === partition);
    if (pointer === undefined || pointer.version < version) lost.push(`${name} has lost its version ${version}`);
    else if ((pointer.publishedVersion ?? 0) < (publishedVersion ?? 0)) lost.push(`${name} was published`);
    const kept = versions.find((one) => one.asset === asset && one.partition === partition && one.version === version);
    if (kept === undefined) lost.push(`the record of ${name} version ${version}`);
    else if (kept.sha256 !== sha256) corrupt.push(`${name} version ${version} has another hash`);
  }
  return { lost, corrupt };
}

/** What is wrong once all work is done: each pointer's object and its stable file are the same bytes. */
export function damageInTheEnd(project: string, now: InstanceState, expectedPointers: number): Damage {
  const { lost, corrupt } = damageToFiles(project, now, now.pointers);
  const unfinished = Object.entries(now.runs).filter(([, status]) => status !== "succeeded");
  const unpublished = now.pointers.filter(({ version, publishedVersion }) => publishedVersion !== version);
  return {
    lost: [
      ...lost,
      ...unfinished.map(([id, status]) => `run ${id} is ${status}`),
      ...unpublished.map(({ asset, partition }) => `${asset} ${partition} is not published`),
      ...(now.pointers.length < expectedPointers ? [`${expectedPointers - now.pointers.length} partitions`] : []),
    ],
    corrupt,
  };
}

function sha256Of(file: string): string | undefined {
  return existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : undefined;
}
