import type { KeptPlan } from "@iroko/core/client";
import { bytes, counted, span } from "../../parts/amounts.ts";

type Estimated = Pick<KeptPlan["plan"], "total" | "travels">;

/** How much work a plan is, as far as history tells. */
export function planSentence({ total, travels }: Estimated): string {
  const { seconds, rows, bytes: size, unknown } = total;
  return [
    seconds === null ? "How long it takes is not known yet" : `About ${span(seconds)} of work`,
    rows === null ? "" : `, ${counted(Math.round(rows), "row")}`,
    size === null ? "" : `, ${bytes(size)}`,
    ".",
    unknown.length === 0 ? "" : ` Nothing is known yet of ${unknown.join(", ")}.`,
    travels === undefined
      ? ""
      : ` ${bytes(travels.toStore)} go to the store, ${bytes(travels.fromStore)} come from it.`,
  ].join("");
}
