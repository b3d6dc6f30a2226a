/** How many changes and plans one caller may ask for: a hundred at once, and ten a second in the long run. */
import { IrokoError } from "@iroko/core";

const most = 100;
const perSecond = 10;
/** Beyond so many callers those are forgotten that have their whole allowance. */
const manyCallers = 1_000;

export interface RateLimit {
  /** @throws {IrokoError} RATE_LIMITED */
  take(caller: string, nowMs: number): void;
}

export function rateLimit(): RateLimit {
  const callers = new Map<string, { left: number; asOf: number }>();
  const leftOf = ({ left, asOf }: { left: number; asOf: number }, now: number): number =>
    Math.min(most, left + ((now - asOf) / 1_000) * perSecond);
  return {
    take(caller, nowMs) {
      if (callers.size > manyCallers)
        for (const [name, allowance] of callers) if (leftOf(allowance, nowMs) >= most) callers.delete(name);
      const left = leftOf(callers.get(caller) ?? { left: most, asOf: nowMs }, nowMs);
      if (left < 1) {
        throw new IrokoError("RATE_LIMITED", `You ask for more than ${perSecond} changes a second.`, {
          hint: "Wait a second. Many partitions are one request: 2026-11-01..2026-11-30.",
          details: { retryAfterSeconds: Math.ceil((1 - left) / perSecond) },
        });
      }
      callers.set(caller, { left: left - 1, asOf: nowMs });
    },
  };
}
