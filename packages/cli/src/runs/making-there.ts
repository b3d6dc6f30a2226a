/**
 * Plans and makes on a server, whose workers do the work. A submission is a kept plan and its application, each of which may
 * be sent again: over a link that loses answers nothing is made twice.
 */
import type { PartitionRequest } from "@iroko/core";
import type { PlanInput } from "@iroko/core/client";
import type { ExitCode } from "../exit-codes.ts";
import type { RemoteServer } from "../remote/find-server.ts";
import { nothingToClose } from "../remote/subject.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";
import { finishRun, leaveRun, sayNotObservable, type DetachOptions } from "./make-assets.ts";
import type { KeptPlan, Making } from "./making.ts";
import { requestOf, type RequestOptions } from "./request-options.ts";
import { howToRun } from "./run-options.ts";
import { runsThere } from "./runs-there.ts";

export async function makingThere(server: RemoteServer, terminal: Terminal): Promise<Making> {
  const { client } = server;
  const runs = runsThere(server);

  const keep = async (options: RequestOptions): Promise<KeptPlan> => {
    const { id, plan } = await client.plans.create(inputOf(options, server.location));
    return { id, report: plan, steps: undefined };
  };
  const finish = async (run: string, options: DetachOptions, kept?: KeptPlan): Promise<ExitCode> => {
    if (options.detach === true) return leaveRun(terminal, run, options);
    const planned = kept && { steps: kept.report.steps, leftOut: kept.report.skipped };
    return await finishRun({ runs, terminal, ctrlC: "leaves" }, run, options, planned);
  };

  return {
    ...nothingToClose,
    async plan(options) {
      if (options.steps === true)
        throw new UsageError("--steps is not told over a server.", "Leave it out, or ask on the instance's machine.");
      return await keep(options);
    },
    async materialize(options) {
      const kept = await keep(options);
      const { run } = await client.plans.apply({ id: kept.id, ...howToRun(options) });
      return await finish(run, options, kept);
    },
    async apply(id, options) {
      const { run } = await client.plans.apply({ id, ...howToRun(options) });
      return await finish(run, options);
    },
    async retry(wanted, what, options) {
      const { id } = await runs.find(wanted);
      const { run } = await client.runs.retry({ id, ...what });
      return await finish(run, options);
    },
    async observe(select, options) {
      const { run } = await client.runs.observe({ select, location: server.location });
      return run === null ? sayNotObservable(terminal, options) : await finish(run, options);
    },
    sayUnfinished: () => Promise.resolve(), // a server's workers go on with everything
  };
}

function inputOf(options: RequestOptions, location: string | undefined): PlanInput {
  const { partitions, ...request } = requestOf(options);
  const { config } = options;
  return { ...request, location, config, partitions: textOf(partitions) };
}

/** One text says all of it: `last:30 and missing`. */
function textOf(partitions: PartitionRequest): string | undefined {
  switch (partitions.kind) {
    case "text":
      return partitions.text;
    case "set":
    case "unspecified":
      return undefined;
    default:
      return partitions.within === undefined ? partitions.kind : `(${partitions.within}) and ${partitions.kind}`;
  }
}
