/** The options by which `materialize`, `backfill` and `plan` say what to make, and the request that they make up. */
import type { Json, PartitionRequest, PlanRequest } from "@iroko/core";
import { InvalidArgumentError, type Command } from "commander";
import { UsageError } from "../usage-error.ts";

export interface RequestOptions {
  readonly select?: string;
  readonly partition?: string;
  readonly partitions?: string;
  readonly from?: string;
  readonly to?: string;
  readonly missing?: boolean;
  readonly failed?: boolean;
  readonly stale?: boolean;
  readonly order?: NonNullable<PlanRequest["order"]>;
  readonly policy?: NonNullable<PlanRequest["backfill"]>;
  readonly force?: boolean;
  readonly checks?: NonNullable<PlanRequest["checks"]>;
  readonly allowEmpty?: boolean;
  readonly config?: Readonly<Record<string, Json>>;
}

export function withRequestOptions(command: Command): Command {
  return command
    .option("-s, --select <selection>", "which assets: a key, +key, key+, group:marts, 'a or b', '*'")
    .option("-p, --partition <partition>", "one partition: 2026-11-02")
    .option("--partitions <text>", "several: 2026-11-01..2026-11-07, last:30, all, commas between")
    .option("--from <partition>", "the first of a range, with --to")
    .option("--to <partition>", "the last of a range, included")
    .option("--missing", "those never made (of the ones named, if any are)")
    .option("--failed", "those that failed last time")
    .option("--stale", "those whose inputs or code have changed since they were made")
    .option("--order <order>", "which first: oldest, newest, or list: as --partitions names them", parseOrder)
    .option("--policy <policy>", "steps: per-partition, range, or batches=N (default: the assets' own)", parsePolicy)
    .option("--force", "make unpartitioned assets too that nothing has changed")
    .option("--checks <which>", "standalone checks: only those, making nothing, or none of them", parseChecks)
    .option("--allow-empty", "a selection that selects nothing is no mistake: there is nothing to do")
    .option("--config <json>", "config by asset, as JSON", parseConfig);
}

/** @throws {UsageError} where options contradict each other, or the selection is missing */
export function requestOf(options: RequestOptions): PlanRequest {
  if (options.select === undefined) {
    throw new UsageError(
      "--select is missing: which assets?",
      "--select '*' is all of them; iroko assets list shows them.",
    );
  }
  return {
    select: options.select,
    partitions: partitionsOf(options),
    ...(options.policy === undefined ? {} : { backfill: options.policy }),
    ...(options.order === undefined ? {} : { order: options.order }),
    ...(options.force === undefined ? {} : { force: options.force }),
    ...(options.checks === undefined ? {} : { checks: options.checks }),
    ...(options.allowEmpty === undefined ? {} : { allowEmpty: options.allowEmpty }),
  };
}

function partitionsOf(options: RequestOptions): PartitionRequest {
  const text = textOf(options);
  const words = (["missing", "failed", "stale"] as const).filter((word) => options[word]);
  if (words.length > 1)
    throw new UsageError(`--${words[0]} and --${words[1]} do not go together.`, "Ask for one at a time.");
  const [word] = words;
  if (word !== undefined) return text === undefined ? { kind: word } : { kind: word, within: text };
  return text === undefined ? { kind: "unspecified" } : { kind: "text", text };
}

function textOf({ partition, partitions, from, to }: RequestOptions): string | undefined {
  const named = [
    partition === undefined ? [] : ["--partition"],
    partitions === undefined ? [] : ["--partitions"],
    from === undefined && to === undefined ? [] : ["--from/--to"],
  ].flat();
  if (named.length > 1) throw new UsageError(`${named[0]} and ${named[1]} do not go together.`, "Use one of them.");
  if (from !== undefined && to !== undefined) return `${from}..${to}`;
  if (from !== undefined || to !== undefined) {
    const [given, lacking] = from === undefined ? ["--to", "--from"] : ["--from", "--to"];
    throw new UsageError(`${given} needs ${lacking}.`, "Both ends are included; one partition is --partition.");
  }
  return partition ?? partitions;
}

function parseOrder(text: string): NonNullable<PlanRequest["order"]> {
  if (text === "oldest" || text === "newest" || text === "list") return text;
  throw new InvalidArgumentError("It is oldest, newest or list.");
}

function parseChecks(text: string): NonNullable<PlanRequest["checks"]> {
  if (text === "only" || text === "none") return text;
  throw new InvalidArgumentError("It is only or none.");
}

function parsePolicy(text: string): NonNullable<PlanRequest["backfill"]> {
  if (text === "per-partition") return "perPartition";
  if (text === "range") return "range";
  const batches = Number(/^batches=(\d{1,9})$/.exec(text)?.[1]);
  if (batches >= 1) return { batches };
  throw new InvalidArgumentError("It is per-partition, range, or batches=N with N partitions a step.");
}

function parseConfig(text: string): Readonly<Record<string, Json>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It is no JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, Json>;
  throw new InvalidArgumentError('It is a JSON object by asset: {"daily_revenue": {"limit": 10}}.');
}
