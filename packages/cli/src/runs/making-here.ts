/** Plans and makes in a project's own instance. */
import { IrokoError } from "@iroko/core";
import {
  applyPlan,
  observationOf,
  readMoment,
  readPlanReport,
  requireApplicable,
  retryRun,
  storePlan,
} from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import { storeKind, type Project } from "../project.ts";
import { hasLiveWorker, openSession } from "../session.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";
import { findRun } from "./find-run.ts";
import {
  finishRun,
  holderHere,
  leaveRun,
  makeAssets,
  makeRun,
  sayNotObservable,
  submitObservation,
  workHere,
} from "./make-assets.ts";
import type { Making } from "./making.ts";
import { requestOf } from "./request-options.ts";
import { howToRun } from "./run-options.ts";
import { listSteps } from "./show-plan.ts";
import { sayUnfinished } from "./unfinished-runs.ts";

export async function makingHere(project: Project, terminal: Terminal): Promise<Making> {
  const session = await openSession(project, terminal);
  const { db, location } = session;
  const { snapshot } = location;
  return {
    async plan(options) {
      const request = requestOf(options);
      const { id, plan, moment } = await session.asking(() =>
        auditedHere(db, { operation: "plans.create", target: request.select }, (db) =>
          storePlan(db, location, request, Temporal.Now.instant(), options.config),
        ),
      );
      const report = await readPlanReport(db, { plan, snapshot, request, now: moment, store: storeKind(project) });
      return { id, report, steps: options.steps === true ? listSteps(plan, snapshot, moment) : undefined };
    },
    materialize: (options) => makeAssets(session, options),
    async apply(id, options) {
      // Whatever is wrong with it is told before anything runs.
      const stored = await session.asking(() => requireApplicable(db, id));
      if (stored.location !== location.name) {
        throw new IrokoError(
          "PLAN_UNKNOWN",
          `Plan ${stored.id} is of the code location "${stored.location}", not "${location.name}".`,
          { hint: `Name it with --location ${stored.location}, in its project.` },
        );
      }
      return await makeRun(session, options, async () =>
        session.asking(() =>
          auditedHere(db, { operation: "plans.apply", target: id }, (db) =>
            applyPlan(db, id, "cli", howToRun(options)),
          ),
        ),
      );
    },
    async retry(run, what, options) {
      const { id } = await findRun(db, run);
      if (options.detach === true && session.mode === "embedded" && !(await hasLiveWorker(session))) {
        throw new UsageError(
          "--detach leaves a run to workers, and none is running here.",
          "Leave --detach out, or start one beside it: iroko dev",
        );
      }
      await session.store();
      const again = await session.asking(() =>
        auditedHere(db, { operation: "runs.retry", target: id }, (db) => retryRun(db, id, what)),
      );
      if (options.detach === true) return leaveRun(terminal, again, options);
      await workHere(session);
      return await finishRun(await holderHere(session), again, options);
    },
    async observe(select, options) {
      const asOf = await readMoment(db, snapshot, Temporal.Now.instant());
      const observation = observationOf(location, { select, asOf });
      if (observation === undefined) return sayNotObservable(terminal, options);
      await workHere(session);
      return await finishRun(await holderHere(session), await submitObservation(session, observation), options);
    },
    sayUnfinished: () => sayUnfinished(session),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
