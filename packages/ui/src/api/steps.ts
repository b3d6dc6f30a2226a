import { IrokoError } from "@iroko/core";
import { api, type Step } from "@iroko/core/client";
import { listAttempts, listSteps, whyOfStep, type StepRecord } from "@iroko/core/engine";
import type { Answer, Sendable } from "../http/answer.ts";
import { pageOf } from "../http/page-of.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";
import { findRun, stepPartitions } from "../model/run-view.ts";

export function stepsApi(answer: Answer, { db, catalog }: Instance): void {
  const { steps, step, attempts } = api.runs;

  answer(steps, async (input) => {
    const [run, known] = await Promise.all([findRun(db, input.id), catalog()]);
    return pageOf(steps, input, {
      read: ({ limit, after }) =>
        listSteps(db, run.id, {
          limit,
          ...(after === undefined ? {} : { after: Number(after) }),
          ...(input.status === undefined ? {} : { statuses: [input.status] }),
        }),
      cursor: ({ n }) => n,
      item: (record) => stepView(known, record),
    });
  });

  answer(step, async ({ id, n }) => {
    const [run, known] = await Promise.all([findRun(db, id), catalog()]);
    const [found] = await listSteps(db, run.id, { after: n - 1, limit: 1 });
    if (found?.n === n) return stepView(known, found);
    throw new IrokoError("NOT_FOUND", `Run ${run.id} has no step ${n}.`, {
      hint: `It has those from 0 to ${Math.max(run.planned - 1, 0)}: iroko runs show ${run.id}`,
    });
  });

  answer(attempts, async (input) => {
    const run = await findRun(db, input.id);
    return pageOf(attempts, input, {
      read: ({ limit, after }) =>
        listAttempts(
          db,
          run.id,
          { from: input.from ?? 0, to: input.to ?? everyStep },
          { limit, ...(after === undefined ? {} : { after: Number(after) }) },
        ),
      cursor: ({ id }) => id,
      item: ({ id: _id, ...told }) => told,
    });
  });
}

/** More steps than a run can have. */
const everyStep = 2 ** 31 - 1;

function stepView(catalog: Catalog, step: StepRecord): Sendable<Step> {
  const { id: _id, windows: _windows, keys: _keys, boxes: _boxes, ...told } = step;
  return { ...told, why: whyOfStep(step), partitions: stepPartitions(catalog, step) };
}
