/** What plans and makes: a project here, whose command works on the run itself if nobody else does, or a server's workers there. */
import type { PlanReport } from "@iroko/core";
import type { RetryInput } from "@iroko/core/client";
import type { ExitCode } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { openSubject } from "../remote/subject.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { DetachOptions, MakeOptions } from "./make-assets.ts";
import type { RequestOptions } from "./request-options.ts";
import type { RunOptions } from "./run-options.ts";
import type { ListedStep } from "./show-plan.ts";

export interface Making extends AsyncDisposable {
  /** Plans, and keeps the plan under an id. */
  plan(options: RequestOptions & { readonly steps?: boolean }): Promise<KeptPlan>;
  /** Plans, makes and reports. */
  materialize(options: MakeOptions): Promise<ExitCode>;
  /** Makes what a kept plan says. */
  apply(id: string, options: RunOptions & DetachOptions): Promise<ExitCode>;
  /** Makes again what of a run did not succeed. */
  retry(run: string, what: Omit<RetryInput, "id">, options: DetachOptions): Promise<ExitCode>;
  /** Looks at the external assets of a selection, and reports. */
  observe(select: string, options: DetachOptions): Promise<ExitCode>;
  /** Tells of runs that nobody goes on with. */
  sayUnfinished(): Promise<void>;
}

export interface KeptPlan {
  readonly id: string;
  readonly report: PlanReport;
  /** In the order in which they run, where they were asked for. */
  readonly steps: readonly ListedStep[] | undefined;
}

export async function openMaking(options: ProjectOptions, terminal: Terminal): Promise<Making> {
  return await openSubject(
    {
      here: async (project, terminal) => (await import("./making-here.ts")).makingHere(project, terminal),
      there: async (server, terminal) => (await import("./making-there.ts")).makingThere(server, terminal),
    },
    options,
    terminal,
  );
}
