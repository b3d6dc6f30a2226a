/** Power is back: what a machine finds on the disk that a cut has left, and whether it goes on without a hand. */
import { waitFor } from "../../support/wait-for.ts";
import { connect, isOver, type InstanceClient, type InstanceState } from "./instance-state.ts";
import { damageInTheEnd, damageToFiles, damageToTables, type Damage } from "./journal.ts";
import { hasEndedWell, isReady, patience, succeeds, switchOn, type Command, type Machine } from "./machine.ts";
import { project } from "./place.ts";
import type { LabOptions } from "./power-cuts.ts";
import { assets, backfill, doctor, worker } from "./project.ts";
import type { Recording } from "./work.ts";

/** What is started: a worker as a service would be, or the user's next command. */
export type Service = "worker" | "command";

export interface Comeback extends Damage {
  /** Until a step was claimed; undefined where none was before all work was over. */
  readonly seconds: number | undefined;
}

/** @param owed what had been acknowledged */
export async function comeBack(
  image: string,
  service: Service,
  owed: InstanceState,
  { versions }: Recording,
  { days, unsafe }: LabOptions,
): Promise<Comeback> {
  const [lost, corrupt]: [string[], string[]] = [[], []];
  const add = (damage: Damage): void => {
    lost.push(...damage.lost);
    corrupt.push(...damage.corrupt);
  };
  let seconds: number | undefined;
  let machine: Machine | undefined;
  try {
    const since = { instant: Temporal.Now.instant(), clock: performance.now() };
    machine = await switchOn(image);
    add(damageToFiles(project, owed, versions));
    const started = machine.start(service, ...(service === "worker" ? worker : backfill(days, "--missing")));
    // A command may have ended, and have stopped Postgres, before anybody has looked.
    const client = await waitFor(
      "the database",
      async () => {
        if (hasEndedWell(started)) return "gone";
        return await connect(project);
      },
      patience,
    );
    if (client !== "gone") {
      await using connected = client;
      add(damageToTables(owed, await connected.state(), await connected.versions()));
      if (unsafe.length > 0) return { lost, corrupt, seconds }; // the control has shown what it is to show
      const claimed = await untilIdle(started, service, connected, since.instant);
      if (claimed !== undefined) seconds = (claimed - since.clock) / 1000;
    }
    await goOnToTheEnd(machine, started, days, owed, add);
  } catch (error) {
    corrupt.push(error instanceof Error ? error.message : String(error));
  } finally {
    await machine?.cutPower();
  }
  return { lost, corrupt, seconds };
}

/** Until the command has ended, or no run is left for the worker. @returns when the first claim was seen */
async function untilIdle(
  started: Command,
  service: Service,
  client: InstanceClient,
  since: Temporal.Instant,
): Promise<number | undefined> {
  let claimed: number | undefined;
  await waitFor(
    "what was left unfinished",
    async () => {
      if (started.exitCode() !== undefined) return true;
      const state = await client.state().catch(() => undefined); // a command may stop Postgres as it ends
      if (state === undefined) return false;
      if (claimed === undefined && (await client.hasClaimedSince(since).catch(() => false)))
        claimed = performance.now();
      return service === "worker" && Object.values(state.runs).every(isOver);
    },
    patience,
  );
  return claimed;
}

/** A worker beside a command that makes what is still missing; then looks at everything there is. */
async function goOnToTheEnd(
  machine: Machine,
  started: Command,
  days: number,
  owed: InstanceState,
  add: (damage: Damage) => void,
): Promise<void> {
  if (started.name === "command") {
    await succeeds(started);
    await isReady(machine.start("worker", ...worker));
  } else {
    await succeeds(machine.start("command", ...backfill(days, "--missing")));
  }
  await using client = await waitFor("the database", () => connect(project), patience);
  add(damageToTables(owed, await client.state(), await client.versions()));
  const end = await waitFor(
    "everything to be published",
    async () => {
      const state = await client.state();
      return state.pointers.every(({ version, publishedVersion }) => version === publishedVersion) && state;
    },
    patience,
  );
  add(damageInTheEnd(project, end, days * assets.length));
  await succeeds(machine.start("doctor", ...doctor));
}
