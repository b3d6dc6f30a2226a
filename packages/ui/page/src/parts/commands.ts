/**
 * Every command that the page shows, ready to be pasted into a POSIX shell. None stands anywhere else: a test gives each of
 * these to the CLI's own parser, and finds those that stand elsewhere.
 */
import type { HowInput, LogStream, PlanInput, RetryInput, RetryPart, Run } from "@iroko/core/client";
import { selectionOf } from "./selection.ts";

export const init = "iroko init";
export const dev = "iroko dev";
export const deploy = "iroko deploy";
export const serve = "iroko serve";
export const worker = "iroko worker";
export const workerOf = (location: string): string => `iroko worker --location ${quoted(location)}`;
export const widenPool = (pool: string, slots: number): string => `iroko pools set ${quoted(pool)} ${slots}`;
export const listSchedules = "iroko schedules list";
export const addUser = "iroko users add NAME --role viewer";
export const createToken = "iroko tokens create NAME --role viewer";
export const setPool = "iroko pools set NAME 2";
export const repairStore = "iroko doctor --strict --repair";
export const makeAll = "iroko materialize --select '*' --partitions all";
export const makeMissing = "iroko backfill --select '*' --missing";

/** What an asset that was never made is made with: what is above it, too. */
export const makeFirst = (asset: string, isPartitioned: boolean): string =>
  `iroko materialize --select ${quoted(`+${selectionOf(asset)}`)}${isPartitioned ? " --partition last:1" : ""}`;

export const backfill = (asset: string, partitions: string): string =>
  `iroko backfill --select ${quoted(selectionOf(asset))} --partitions ${quoted(partitions)}`;

export const observe = (asset: string): string => `iroko observe --select ${quoted(selectionOf(asset))}`;

export const rollback = (asset: string, partition: string, version: number): string =>
  `iroko rollback ${quoted(partition === "" ? asset : `${asset}@${partition}`)} --to ${version}`;

export const showRows = (asset: string, partition: string): string =>
  `iroko assets show ${quoted(partition === "" ? asset : `${asset}@${partition}`)} --rows 50`;

export const applyPlan = (id: string, how: HowInput): string => `iroko apply ${id}${howOptions(how)}`;

/** What the launchpad asks for. */
export function materialize(request: PlanInput & HowInput): string {
  const { select, partitions, location, backfill: policy, order, force, checks, config } = request;
  return [
    `iroko materialize --select ${quoted(select)}`,
    option("partitions", partitions),
    option("location", location),
    option("policy", policy === undefined ? undefined : policyText(policy)),
    option("order", order),
    option("checks", checks),
    option("config", config === undefined ? undefined : JSON.stringify(config)),
    force === true ? " --force" : "",
    howOptions(request),
  ].join("");
}

/** What a run of nothing asked for, made all the same. */
export function makeAnyway({ selection, partitions }: Pick<Run, "selection" | "partitions">): string {
  const [, word, within] = /^(missing|failed|stale)(?: of (.+))?$/.exec(partitions) ?? [];
  const of = word === undefined ? partitions : (within ?? "");
  return `iroko materialize --select ${quoted(selection)}${option("partitions", of === "" ? undefined : of)} --force`;
}

export const retryRun = ({ id, fromStart, select, partitions, only = [] }: RetryInput): string =>
  [
    `iroko runs retry ${id}`,
    option("select", select),
    option("partitions", partitions),
    fromStart === true ? " --from-start" : "",
    only.length === 0 ? "" : ` --only ${only.map((part) => quoted(partText(part))).join(" ")}`,
  ].join("");

/** As a part of a retry is written: `asset@partitions`. */
const partText = ({ select, partitions }: RetryPart): string =>
  partitions === undefined ? select : `${select}@${partitions}`;

export const runLogs = (run: string, step: number, isLive: boolean, stream?: LogStream): string =>
  `iroko runs logs ${run} --step ${step}${option("stream", stream)}${isLive ? " --follow" : ""}`;

const howOptions = ({ priority, maxConcurrency }: HowInput): string =>
  option("priority", priority) + option("max-concurrency", maxConcurrency);

const option = (name: string, value: string | number | undefined): string =>
  value === undefined ? "" : ` --${name} ${quoted(String(value))}`;

function policyText(policy: NonNullable<PlanInput["backfill"]>): string {
  if (typeof policy !== "string") return `batches=${policy.batches}`;
  return policy === "perPartition" ? "per-partition" : policy;
}

/** Plain where any shell takes it so. */
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
