/** An instance at work on a recorded disk: it makes every partition, and then makes it again. */
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { waitFor } from "../../support/wait-for.ts";
import { recordedDisk } from "./disks.ts";
import { connect, type Version } from "./instance-state.ts";
import type { Acknowledged } from "./journal.ts";
import { failIfEnded, isReady, patience, succeeds, switchOn } from "./machine.ts";
import { project } from "./place.ts";
import type { LabOptions } from "./power-cuts.ts";
import { backfill, home, worker } from "./project.ts";
import { readLog, type DiskRecord } from "./write-log.ts";

export interface Recording {
  readonly log: string;
  readonly records: readonly DiskRecord[];
  readonly journal: readonly Acknowledged[];
  /** All that were committed. */
  readonly versions: readonly Version[];
}

const file = (name: string): string => join(import.meta.dirname, name);

export async function work({ days, unsafe }: LabOptions): Promise<Recording> {
  const device = await recordedDisk();
  const machine = await switchOn(
    device.image,
    unsafe.includes("files") ? { NODE_OPTIONS: `--import=${file("no-fsync.ts")}` } : {},
  );
  if (unsafe.includes("postgres")) {
    const words = ["--conditions=@iroko/source", file("unsafe-postgres.ts"), join(project, home)];
    await isReady(machine.start("postgres", process.execPath, ...words));
  }
  const service = machine.start("worker", ...worker);
  await isReady(service);
  await using client = await waitFor("the database", () => connect(project), patience);
  const journal: Acknowledged[] = [];
  const note = async (): Promise<void> => {
    const state = await client.state();
    if (Object.keys(state.runs).length > 0) journal.push({ state, position: device.position() });
  };
  for (const pass of ["first", "second"]) {
    const command = machine.start(pass, ...backfill(days));
    while (command.exitCode() === undefined) {
      failIfEnded(service);
      await note();
      await sleep(10);
    }
    await succeeds(command);
  }
  await note();
  const versions = await client.versions();
  const end = device.position();
  await machine.cutPower();
  await device.close();
  return { log: device.log, records: readLog(device.log).filter((record) => record.end <= end), journal, versions };
}
