/** A plan as people read it: what, why, how much, what is left out, and what of history will not fit. */
import type { KeptPlan } from "@iroko/core/client";
import type { JSX } from "preact";
import { bytes, count, counted, span } from "../../parts/amounts.ts";
import { Command, Empty } from "../../parts/command.tsx";
import { DataTable, type Column } from "../../parts/data-table.tsx";
import { assetHref } from "../../parts/links.ts";

type Plan = KeptPlan["plan"];

export function PlanView({ plan }: { readonly plan: Plan }): JSX.Element {
  const { assets, checks, skipped, total, history, steps, materializations, orderBy, travels } = plan;
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
      <p class="sentence">
        {total.seconds === null ? "How long it takes is not known yet" : `About ${span(total.seconds)} of work`}
        {total.rows === null ? "" : `, ${counted(Math.round(total.rows), "row")}`}
        {total.bytes === null ? "" : `, ${bytes(total.bytes)}`}.{" "}
        {total.unknown.length === 0 ? "" : `Nothing is known yet of ${total.unknown.join(", ")}.`}{" "}
        {travels === undefined
          ? ""
          : `${bytes(travels.toStore)} go to the store, ${bytes(travels.fromStore)} come from it.`}
      </p>
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
                <a href={assetHref(asset)}>{asset}</a> <code class="prose">{partitions}</code>
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
  { title: "Asset", cell: ({ asset, name }) => (asset === null ? name : <a href={assetHref(asset)}>{asset}</a>) },
  {
    title: "Partitions",
    cell: ({ partitions, count: many }) =>
      many === null ? (
        <span class="faint">check</span>
      ) : (
        <>
          <code class="prose">{partitions}</code> <span class="faint">{count(many)}</span>
        </>
      ),
  },
  { title: "Steps", holds: "number", cell: ({ steps }) => count(steps) },
  { title: "Why", holds: "prose", cell: ({ reason }) => reason },
  {
    title: "Rows",
    holds: "number",
    cell: ({ estimate }) => known(estimate?.rows, (rows) => count(Math.round(rows))),
  },
  { title: "Size", holds: "number", cell: ({ estimate }) => known(estimate?.bytes, bytes) },
  { title: "Time", holds: "number", cell: ({ estimate }) => known(estimate?.seconds, span) },
  { title: "Known from", cell: ({ estimate }) => <span class="faint">{estimate?.from ?? ""}</span> },
];

function Skipped({ skipped }: Pick<Plan, "skipped">): JSX.Element | null {
  if (skipped.length === 0) return null;
  return (
    <details>
      <summary>{counted(skipped.length, "line")} left out</summary>
      <ul class="list">
        {skipped.map(({ asset, partitions, reason }) => (
          <li key={`${asset} ${partitions} ${reason}`}>
            <a href={assetHref(asset)}>{asset}</a> <code class="prose">{partitions}</code>{" "}
            <span class="prose">{reason}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
