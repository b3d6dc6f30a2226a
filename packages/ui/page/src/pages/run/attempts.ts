/** Attempts that did not end their steps, of the steps that are shown: asked for only where there are any. */
import type { Attempt, Page, RunDetail, Step } from "@iroko/core/client";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";

export type AttemptsByStep = ReadonlyMap<number, readonly Attempt[]>;

const mostAsked = 5_000;

export function useAttempts({ id }: Pick<RunDetail, "id">, steps: readonly Step[]): AttemptsByStep {
  const tried = steps.filter(({ attempt, status }) => attempt > (status === "ready" || status === "canceled" ? 0 : 1));
  const [first, last] = [tried[0]?.n, tried.at(-1)?.n];
  const known = useResource<Page<Attempt>>(
    first === undefined ? undefined : address("/runs/{id}/attempts", { id, from: first, to: last, limit: mostAsked }),
    { run: id },
  );
  return Map.groupBy(known.value?.items ?? [], ({ step }) => step);
}
