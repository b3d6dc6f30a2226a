/** A request in words, and as the command that makes it. */
import { shellQuote } from "../shell-quote.ts";
import type { PartitionRequest, PlanRequest } from "./plan.ts";

/** What was asked for of the partitions: `2026-11-01..2026-11-07`, `stale`, `missing of last:30`; "" where nothing was. */
export function partitionsText(partitions: PartitionRequest): string {
  switch (partitions.kind) {
    case "text":
      return partitions.text;
    case "set":
    case "unspecified":
      return "";
    default:
      return partitions.within === undefined ? partitions.kind : `${partitions.kind} of ${partitions.within}`;
  }
}

/** `iroko plan --select '+revenue' --partition last:7 --order newest`, to be pasted into a shell. */
export function requestCommand(verb: "plan" | "materialize", request: PlanRequest): string {
  const { select, partitions, backfill, order, force, checks } = request;
  const words = ["iroko", verb, "--select", shellQuote(select)];
  if (partitions.kind === "text") words.push("--partitions", shellQuote(partitions.text));
  else if (partitions.kind !== "unspecified" && partitions.kind !== "set") {
    words.push(`--${partitions.kind}`);
    if (partitions.within !== undefined) words.push("--partitions", shellQuote(partitions.within));
  }
  if (backfill !== undefined) words.push("--policy", policyText(backfill));
  if (order !== undefined) words.push("--order", order);
  if (force === true) words.push("--force");
  if (checks !== undefined) words.push("--checks", checks);
  return words.join(" ");
}

/**
 * Makes just these again.
 *
 * @param partitions in the text form; "" of an unpartitioned asset
 */
export function remakeCommand(asset: string, partitions: string): string {
  const select = `--select ${shellQuote(asset)}`;
  return partitions === ""
    ? `iroko materialize ${select}`
    : `iroko backfill ${select} --partitions ${shellQuote(partitions)}`;
}

function policyText(backfill: NonNullable<PlanRequest["backfill"]>): string {
  if (typeof backfill !== "string") return `batches=${backfill.batches}`;
  return backfill === "perPartition" ? "per-partition" : backfill;
}
