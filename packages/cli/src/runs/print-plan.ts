/** A plan on the terminal: what is made, why, and what that will most likely cost. */
import type { PlanReport, ReportedAsset } from "@iroko/core";
import { formatTable, type TableColumn } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { formatBytes, formatCount, formatSeconds, plural } from "../terminal/units.ts";

type PlanTerminal = Pick<Terminal, "columns" | "data" | "styleData">;

export function printPlan(report: PlanReport, terminal: PlanTerminal): void {
  const { assets, checks, skipped } = report;
  if (assets.length > 0) terminal.data(assetTable(assets, terminal));
  for (const check of checks) terminal.data(`check ${check.name}: ${plural(check.steps, "step")}`);
  for (const { asset, partitions, reason } of skipped) {
    terminal.data(`skipped ${named(asset, partitions)}: ${reason}`);
  }
  for (const line of [...historyLines(report, terminal), ...estimateLines(report), ...orderLines(report)])
    terminal.data(line);
}

/** Where the terminal is too narrow, reasons stand below the table: what is made, and why, is never cut. */
function assetTable(assets: PlanReport["assets"], terminal: PlanTerminal): string {
  const columns: readonly TableColumn<ReportedAsset>[] = [
    { title: "ASSET", value: ({ asset }) => asset },
    { title: "PARTITIONS", value: ({ partitions }) => partitions || "-" },
    { title: "COUNT", value: ({ count }) => count, align: "right" },
    { title: "STEPS", value: ({ steps }) => steps, align: "right" },
    { title: "ROWS", value: ({ estimate: { rows } }) => about(rows, formatCount), align: "right" },
    { title: "BYTES", value: ({ estimate: { bytes } }) => about(bytes, formatBytes), align: "right" },
    { title: "TIME", value: ({ estimate: { seconds } }) => about(seconds, formatSeconds), align: "right" },
  ];
  const reason: TableColumn<ReportedAsset> = { title: "REASON", value: (asset) => asset.reason };
  const style = (text: string): string => terminal.styleData("bold", text);
  const table = (chosen: typeof columns, styled: typeof style): string =>
    formatTable(chosen, assets, { width: Infinity, style: styled });
  const whole = [...columns, reason];
  const width = Math.max(
    ...table(whole, (text) => text)
      .split("\n")
      .map((line) => line.length),
  );
  if (width <= terminal.columns) return table(whole, style);
  const timesNamed = Map.groupBy(assets, ({ asset }) => asset);
  const nameIn = ({ asset, partitions }: ReportedAsset): string =>
    timesNamed.get(asset)!.length === 1 ? asset : named(asset, partitions);
  const why = Array.from(
    Map.groupBy(assets, (asset) => asset.reason),
    ([text, of]) => `  ${of.map(nameIn).join(", ")}: ${text}`,
  );
  return [table(columns, style), "reasons:", ...why].join("\n");
}

/** What a changed schema or code has left stale: what the plan does about it, and what fails on it. */
function historyLines({ history }: PlanReport, { styleData }: PlanTerminal): readonly string[] {
  return history
    .filter(({ planned, breaking }) => !planned || breaking !== null)
    .flatMap(({ asset, partitions, count, reasons, breaking, planned, fails, command }) => [
      `stale: ${named(asset, partitions)}${count > 1 ? ` (${plural(count, "partition")})` : ""}: ${reasons.join("; ")}; ${planned ? "made again by this plan" : "not made by this plan"}`,
      ...(breaking === null ? [] : [`  ${styleData("red", "breaking")}: ${breaking}`]),
      ...fails.map((one) =>
        planned
          ? `  ${named(one.asset, one.partitions)} reads its own earlier version and will fail with SCHEMA_OLD`
          : `  ${named(one.asset, one.partitions)} of this plan reads it and will fail with SCHEMA_OLD`,
      ),
      ...(command === null ? [] : [`  → ${command}`]),
    ]);
}

const named = (asset: string, partitions: string): string => (partitions === "" ? asset : `${asset}@${partitions}`);

/** What the whole costs, where each figure comes from, what goes over the network. */
function estimateLines({ assets, total, travels }: PlanReport): readonly string[] {
  if (assets.length === 0) return [];
  const sums = [
    total.rows === null ? [] : [`${formatCount(total.rows)} rows`],
    total.bytes === null ? [] : [formatBytes(total.bytes)],
    total.seconds === null ? [] : [`${formatSeconds(total.seconds)} of work, one step after another`],
  ].flat();
  const bySource = Map.groupBy(assets, ({ estimate }) => estimate.from);
  const sources = Array.from(
    bySource,
    ([from, of]) => `${[...new Set(of.map(({ asset }) => asset))].join(", ")}: ${from}`,
  );
  return [
    sums.length === 0 ? "estimate: none" : `estimate: ${sums.join(", ")}`,
    ...sources.map((source) => `  ${source}`),
    ...(travels === undefined || sums.length === 0
      ? []
      : travels.local > 0 || travels.toStore + travels.fromStore === 0
        ? [`network: nothing, the store is local (${formatBytes(travels.local)} on disk)`]
        : [`network: ${formatBytes(travels.toStore)} to the store, at most ${formatBytes(travels.fromStore)} from it`]),
  ];
}

function orderLines({ assets, orderBy }: PlanReport): readonly string[] {
  if (!assets.some(({ count }) => count > 1)) return [];
  const policies = new Set(
    assets.filter(({ estimate }) => estimate.from !== "observed, not made").map(({ backfill }) => backfill),
  );
  return [`order: ${orderBy === "list" ? "as asked for" : `${orderBy} first`}, steps ${[...policies].join(" or ")}`];
}

const about = (value: number | null, format: (value: number) => string): string =>
  value === null ? "?" : `~${format(value)}`;
