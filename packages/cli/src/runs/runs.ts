/** Runs as commands see them, in the words of the HTTP API: read from a database here, or asked of a server there. */
import type { PartitionsDefinition, StepStatus } from "@iroko/core";
import type {
  FailedCheck,
  InstanceEvent,
  LogChunk,
  LogStream,
  MadePartition,
  Run,
  RunDetail,
  RunsInput,
  Step,
} from "@iroko/core/client";
import { openSubject } from "../remote/subject.ts";
import type { ProjectOptions } from "../project.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface Runs extends AsyncDisposable {
  /**
   * The newest first.
   *
   * @throws {IrokoError} ASSET_NOT_FOUND
   */
  list(filter: RunsFilter): Promise<readonly Run[]>;
  /**
   * The run whose id starts so.
   *
   * @throws {IrokoError} RUN_NOT_FOUND, RUN_AMBIGUOUS
   */
  find(id: string): Promise<Run>;
  /** As it is now, by its whole id. */
  get(run: string): Promise<RunDetail>;
  /** In the plan's order. */
  steps(run: string, page: StepsPage): Promise<readonly Step[]>;
  made(run: string): Promise<readonly Made[]>;
  failedChecks(run: string): Promise<readonly FailedCheck[]>;
  /** The newest first. */
  events(run: string, limit: number): Promise<readonly InstanceEvent[]>;
  logs(run: string, page: LogsPage): Promise<readonly LogChunk[]>;
  cancel(run: string, reason: string): Promise<void>;
  /** By the definitions that the run was planned with, as far as they are known. */
  definitionsOf(run: Run, assets: readonly string[]): Promise<ReadonlyMap<string, PartitionsDefinition>>;
  /** How often a step may be tried in all; undefined: not known. */
  triesOf(run: Run, step: Step): Promise<number | undefined>;
  /** Rings when something of the run may have changed. */
  listen(run: string): Promise<Bell>;
}

export interface RunsFilter extends RunsInput {
  readonly limit: number;
  /** Only those made before this one. */
  readonly before?: string | undefined;
}

export interface StepsPage {
  readonly limit: number;
  /** A step's number. */
  readonly after?: number | undefined;
  readonly status?: StepStatus | undefined;
}

export interface LogsPage {
  readonly limit: number;
  /** A piece's cursor. */
  readonly after?: string | undefined;
  readonly step?: number | undefined;
  readonly attempt?: number | undefined;
  readonly stream?: LogStream | undefined;
}

/** Where readers find it, besides; null where nothing is stored, or where only the server's machine knows the store. */
export type Made = MadePartition & { readonly uri: string | null };

export interface Bell {
  /** Until it rings, it is time to look again anyway, or `signal`. */
  wait(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** The most that a page of steps or logs holds. */
export const mostOfPage = 1_000;

export async function openRuns(options: ProjectOptions, terminal: Terminal): Promise<Runs> {
  return await openSubject(
    {
      here: async (project, terminal) => {
        const [{ openInstance }, { runsHere }] = await Promise.all([
          import("../instance.ts"),
          import("./runs-here.ts"),
        ]);
        const instance = await openInstance(project, terminal);
        return { ...runsHere(instance.db), [Symbol.asyncDispose]: () => instance[Symbol.asyncDispose]() };
      },
      there: async (server) => (await import("./runs-there.ts")).runsThere(server),
    },
    options,
    terminal,
  );
}

/** All of them; a page at a time. */
export async function allSteps(runs: Runs, run: string, status?: StepStatus): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (;;) {
    const page = await runs.steps(run, { limit: mostOfPage, after: steps.at(-1)?.n, status });
    steps.push(...page);
    if (page.length < mostOfPage) return steps;
  }
}
