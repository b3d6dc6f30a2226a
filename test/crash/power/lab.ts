/**
 * Power cuts of a whole instance, in namespaces of their own (`power-cuts.ts` makes them): nothing that is mounted, started or
 * written here outlives this process. An instance works a while on a recorded disk; then, of the record is made what random
 * cuts leave, a machine is switched on with each, and compared with what had been acknowledged. Prints a JSON line for each.
 */
import { rmSync } from "node:fs";
import { between, pick, seeded } from "../../support/seeded.ts";
import { comeBack } from "./come-back.ts";
import { copyFirstDisk, makeFirstDisk, mountImage, recordedDisk, unmount } from "./disks.ts";
import { isOver, nothingYet } from "./instance-state.ts";
import { owedAt } from "./journal.ts";
import { disk } from "./place.ts";
import type { Cut, LabOptions } from "./power-cuts.ts";
import { work, type Recording } from "./work.ts";
import { applyCut, type Mercy } from "./write-log.ts";

const mercies: readonly [Mercy, ...Mercy[]] = ["all of it", "none of it", "some of it", "some of it"];

const options = JSON.parse(process.argv[2] ?? "{}") as LabOptions;
const random = seeded(options.seed);
await makeFirstDisk();
if (options.cuts === 0) await tryOut();
else await cutAgainAndAgain();
process.exit(0);

/** Whether all that a lab needs can be had. */
async function tryOut(): Promise<void> {
  const device = await recordedDisk();
  await mountImage(device.image);
  await unmount(disk);
  await device.close();
}

async function cutAgainAndAgain(): Promise<void> {
  // Whoever started this has gone: the namespaces, with all that is in them, go with their first process.
  process.stdin.resume().once("end", () => process.exit(1));
  const recording = await work(options);
  for (let index = 0; index < options.cuts; index++)
    process.stdout.write(`${JSON.stringify(await cut(recording, index))}\n`);
}

async function cut(recording: Recording, index: number): Promise<Cut> {
  const { log, records, journal } = recording;
  const isControl = options.unsafe.length > 0;
  const at = cutPoint(recording, index);
  const mercy = isControl ? "none of it" : pick(random, mercies);
  const back = index % 2 === 0 ? "worker" : "command";
  const image = await copyFirstDisk("crashed.img");
  applyCut(image, log, records, at, mercy, random);
  const owed = owedAt(journal, records[at]?.end ?? 0) ?? nothingYet;
  const { lost, corrupt, seconds } = await comeBack(image, back, owed, recording, options);
  rmSync(image);
  // Where no run was under way, the first claim is of work that was asked for afterwards.
  const wentOn = Object.values(owed.runs).some((status) => !isOver(status)) ? seconds : undefined;
  return {
    ...{ at, of: records.length, mercy, back, acknowledged: owed.pointers.length, lost, corrupt },
    ...(wentOn === undefined ? {} : { goesOnAfterSeconds: wentOn }),
  };
}

/**
 * The record to cut after: first where something has been acknowledged; then one of five while the instance is made, of the
 * others half at any time while it works, half at any write, of which there are most where most happens. Of a control
 * at the end, and then in its later part: what is old, the system has written by itself.
 */
function cutPoint({ records, journal }: Recording, index: number): number {
  const at = (entry: number): number => {
    const position = journal[entry]?.position ?? Number.POSITIVE_INFINITY;
    return records.findLastIndex(({ end }) => end <= position);
  };
  const within = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  const byTime = (least: number): number => {
    const entry = Math.floor(between(random, least, 1) * journal.length);
    return within(at(entry), at(entry + 1));
  };
  if (options.unsafe.length > 0) return byTime(index === 0 ? 0.9 : 0.4);
  if (index === 0) return byTime(0.5);
  const kind = random();
  if (kind < 0.2) return within(0, at(0));
  return kind < 0.6 ? byTime(0) : within(at(0), records.length - 1);
}
