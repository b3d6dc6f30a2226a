/** What is to be made and how that is to run, as the address holds it and as the API takes it. */
import type { HowInput, PlanInput } from "@iroko/core/client";

export const fields = [
  "select",
  "partitions",
  "location",
  "backfill",
  "order",
  "checks",
  "priority",
  "maxConcurrency",
] as const;
export type Field = (typeof fields)[number];

export interface Request {
  readonly plan: PlanInput;
  readonly how: HowInput;
}

/** What stands in the address is asked for as it is: the server says what is wrong with it. */
export function requestOf(query: URLSearchParams): Request {
  const text = (name: Field): string | undefined => query.get(name)?.trim() || undefined;
  const number = (name: Field): number | undefined => (text(name) === undefined ? undefined : Number(text(name)));
  const policy = text("backfill");
  return {
    plan: {
      select: text("select") ?? "",
      ...given({
        partitions: text("partitions"),
        location: text("location"),
        backfill: policy !== undefined && /^\d+$/.test(policy) ? { batches: Number(policy) } : policy,
        order: text("order"),
        checks: text("checks"),
        force: query.get("force") === "true" ? true : undefined,
      }),
    },
    how: given({ priority: number("priority"), maxConcurrency: number("maxConcurrency") }),
  };
}

const given = (values: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
