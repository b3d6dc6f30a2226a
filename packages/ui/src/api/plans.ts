import { api } from "@iroko/core/client";
import { applyPlan } from "@iroko/core/engine";
import type { Answer } from "../http/answer.ts";
import type { Instance } from "../model/instance.ts";
import { keepPlan } from "../model/plan-request.ts";

export function plansApi(answer: Answer, instance: Instance): void {
  const { create, apply } = api.plans;
  answer(create, (input) => keepPlan(instance, input));
  answer(apply, async ({ id, ...how }) => {
    const { run } = await applyPlan(instance.db, id, "api", how);
    return { run };
  });
}
