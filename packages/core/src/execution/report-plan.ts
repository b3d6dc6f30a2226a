/** Reads from the instance what a plan is reported with. */
import { withStoredMappings } from "./mapping/stored-mappings.ts";
import { assetHistories } from "../instance/history.ts";
import type { Moment } from "../partitions/moment.ts";
import type { Queryable } from "../instance/database.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import type { AssetHistory } from "../planning/estimate.ts";
import { planBasis } from "../planning/plan-basis.ts";
import { staleHistory } from "../planning/plan-history.ts";
import { readOwnState } from "./planning-state.ts";
import { selectFrom } from "./read-selection-facts.ts";
import { reportPlan, type PlanReport, type PlanReportInput } from "../planning/plan-report.ts";

/** So many of an asset's partitions are looked at. */
const looksBack = 7;

/** A few queries, whatever the number of assets and partitions. */
export async function readPlanReport(
  db: Queryable,
  { now, ...input }: Omit<PlanReportInput, "basis" | "histories" | "history"> & { readonly now: Moment },
): Promise<PlanReport> {
  const graph = assetGraph(input.snapshot);
  const selected = await selectFrom(db, input.snapshot, input.request.select, now, { allowEmpty: true });
  const basis = await withStoredMappings(db, now, (moment) => planBasis(graph, input.plan, moment));
  const reads = basis.filter(({ role }) => role === "reads");
  const state = await readOwnState(db, input.snapshot, [...selected, ...reads.map(({ asset }) => asset)]);
  const history = await withStoredMappings(db, now, (moment) =>
    staleHistory(graph, input.plan, selected, reads, state, moment),
  );
  const keys = new Set(basis.map(({ asset }) => asset));
  const assets = [...keys].map((key) => graph.assets.get(key)!).filter(({ kind }) => kind !== "external");
  const hasWindows = ({ partitions }: (typeof assets)[number]): boolean =>
    partitions.kind === "time" ||
    (partitions.kind === "multi" && partitions.dimensions.some((one) => one.partitions.kind === "time"));
  const rows = await assetHistories(
    db,
    {
      byTime: assets.filter(hasWindows).map(({ key }) => key),
      others: assets.filter((asset) => !hasWindows(asset)).map(({ key }) => key),
    },
    looksBack,
  );
  const known = (values: readonly (number | null)[]): readonly number[] => values.filter((value) => value !== null);
  const histories = new Map(
    rows.map((row): [string, AssetHistory] => [
      row.asset,
      { rows: known(row.rows), bytes: known(row.bytes), seconds: known(row.seconds) },
    ]),
  );
  return reportPlan({ ...input, basis, histories, history });
}
