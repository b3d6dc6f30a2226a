/** A plan as people read it: what, why, how much, what is left out, and what of history will not fit. */
import type { KeptPlan } from "@iroko/core/client";
import type { ComponentChildren, JSX } from "preact";
import { bytes, count, counted, span } from "../../parts/amounts.ts";
import { Command, Empty } from "../../parts/command.tsx";
import { DataTable, type Column } from "../../parts/data-table.tsx";
import { assetHref } from "../../parts/links.ts";
import { Ranges } from "../../parts/ranges.tsx";
import { planSentence } from "./plan-sentence.ts";

type Plan = KeptPlan["plan"];

interface PlanViewProps {
  readonly plan: Plan;
  /** What can be done with it: stands where the plan begins, however long it is. */
  readonly children?: ComponentChildren;
}

export function PlanView({ plan, children }: PlanViewProps): JSX.Element {
  const { assets, checks, skipped, history, steps, materializations, orderBy } = plan;
  if (steps === 0) {
    return (
      <>
        <Empty says="There is nothing to do: everything asked for is made and fresh." />
        <Skipped skipped={skipped} />
      </>
    );
  }
  return (
    <section aria-label="The plan">
      <h2>
        {counted(steps, "step")} to make {counted(materializations, "partition")}, {orderBy} first
      </h2>
      <p>{planSentence(plan)}</p>
      {children === undefined ? null : <div class="row">{children}</div>}
      <DataTable
        rows={[...assets.map(lineOfAsset), ...checks.map(lineOfCheck)]}
        keyOf={({ name, partitions, reason }) => `${name} ${partitions} ${reason}`}
        columns={columns}
      />
      <Skipped skipped={skipped} />
      {history.length === 0 ? null : (
        <>
          <h2>What is stale besides</h2>
          <ul class="list">
            {history.map(({ asset, partitions, reasons, breaking, fails, command }) => (
              <li key={`${asset} ${partitions}`}>
                <a href={assetHref(asset)}>{asset}</a> <Ranges text={partitions} />
                <span class="prose">{reasons.join("; ")}</span>
                {breaking === null ? null : <strong class="bad-text">{breaking}</strong>}
                {fails.map((fail) => (
                  <span key={fail.asset} class="bad-text">
                    {fail.asset} {fail.partitions} would fail
                  </span>
                ))}
                {command === null ? null : <Command text={command} />}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

interface Line extends Pick<Plan["checks"][number], "name" | "steps"> {
  /** null: a check, which stands on no page of its own. */
  readonly asset: string | null;
  readonly partitions: string;
  readonly count: number | null;
  readonly reason: string;
  readonly estimate: Plan["assets"][number]["estimate"] | undefined;
}

const lineOfAsset = (planned: Plan["assets"][number]): Line => ({ ...planned, name: planned.asset });
const lineOfCheck = ({ name, steps }: Plan["checks"][number]): Line => ({
  name,
  steps,
  asset: null,
  partitions: "",
  count: null,
  reason: "checks what is made",
  estimate: undefined,
});

const known = (value: number | null | undefined, say: (value: number) => string): string =>
  value == null ? "–" : say(value);

const columns: readonly Column<Line>[] = [
  {
    title: "Asset",
    cell: ({ asset, name }) =>
      asset === null ? (
        <span class="clip" title={name}>
          {name}
        </span>
      ) : (
        <a class="clip" href={assetHref(asset)} title={asset}>
          {asset}
        </a>
      ),
  },
  {
    title: "Partitions",
    cell: ({ partitions, count: many }) =>
      many === null ? <span class="faint">check</span> : <Ranges text={partitions} />,
  },
  { title: "How many", holds: "number", cell: ({ count: many }) => (many === null ? "" : count(many)) },
  { title: "Steps", holds: "number", cell: ({ steps }) => count(steps) },
  { title: "Why", holds: "prose", cell: ({ reason }) => reason },
  {
    title: "Rows",
    holds: "number",
    cell: ({ estimate }) => known(estimate?.rows, (rows) => count(Math.round(rows))),
  },
  { title: "Size", holds: "number", cell: ({ estimate }) => known(estimate?.bytes, bytes) },
  { title: "Time", holds: "number", cell: ({ estimate }) => known(estimate?.seconds, span) },
  { title: "Known from", cell: ({ estimate }) => <span class="clip faint">{estimate?.from ?? ""}</span> },
];

function Skipped({ skipped }: Pick<Plan, "skipped">): JSX.Element | null {
  if (skipped.length === 0) return null;
  return (
    <details>
      <summary>{counted(skipped.length, "line")} left out</summary>
      <ul class="list">
        {skipped.map(({ asset, partitions, reason }) => (
          <li key={`${asset} ${partitions} ${reason}`}>
            <a href={assetHref(asset)}>{asset}</a> <Ranges text={partitions} />
            <span class="prose">{reason}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
