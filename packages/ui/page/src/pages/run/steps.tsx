/** A run's steps one by one, in the plan's order. */
import type { Page, RunDetail, Step } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { Badge } from "../../parts/badge.tsx";
import { StateFilter } from "../../parts/choices.tsx";
import { Empty } from "../../parts/command.tsx";
import { DataTable, type Column } from "../../parts/data-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Pager } from "../../parts/pager.tsx";
import { Ranges } from "../../parts/ranges.tsx";
import { RowKeys } from "../../parts/row-keys.tsx";
import { Ago, Took } from "../../parts/time.tsx";
import { place, setQuery } from "../../router.ts";
import { useAttempts, type AttemptsByStep } from "./attempts.ts";
import { choosing } from "./choose-row.tsx";
import { Axis, Gantt, GanttKey } from "./gantt.tsx";
import { timeOf } from "./run-time.ts";
import { barsOf } from "./step-bars.ts";

const statuses = ["failed", "running", "ready", "blocked", "skipped", "canceled", "succeeded"] as const;

export function Steps({ run }: { readonly run: RunDetail }): JSX.Element {
  const { query } = place.value;
  const status = query.get("status") ?? "";
  const after = query.get("after");
  const page = useResource<Page<Step>>(address("/runs/{id}/steps", { id: run.id, status, after }), { run: run.id });
  const attempts = useAttempts(run, page.value?.items ?? []);
  return (
    <>
      <StateFilter states={statuses} chosen={status} />
      <Loaded of={page} rows={8}>
        {({ items, cursor }) =>
          items.length === 0 ? (
            <Empty says={`No step is ${status === "" ? "there" : status}.`} />
          ) : (
            <RowKeys>
              <Table run={run} steps={items} attempts={attempts} />
              <Pager name="after" cursor={cursor} first="First steps" next="Next steps" />
            </RowKeys>
          )
        }
      </Loaded>
    </>
  );
}

interface TableProps {
  readonly run: RunDetail;
  readonly steps: readonly Step[];
  readonly attempts: AttemptsByStep;
}

function Table({ run, steps, attempts }: TableProps): JSX.Element {
  const rows = steps.map((step) => ({ ...step, id: String(step.n) }));
  const shown = timeOf(run);
  return (
    <>
      <DataTable
        rows={rows}
        keyOf={({ id }) => id}
        idOf={({ id }) => `step-${id}`}
        columns={[
          choosing(rows, ({ name, partitions }) => `${name} ${partitions}`.trim()),
          ...columns,
          {
            title: "Over time",
            head: <Axis {...shown} />,
            holds: "wide",
            cell: (step) => <Gantt bars={barsOf(step, attempts.get(step.n) ?? [], shown)} />,
          },
          ...lastColumns,
        ]}
      />
      <GanttKey />
    </>
  );
}

const columns: readonly Column<Step>[] = [
  { title: "#", holds: "number", cell: ({ n }) => n },
  { title: "State", cell: ({ status }) => <Badge state={status} /> },
  {
    title: "Step",
    cell: ({ n, name, kind }) => (
      <>
        <a
          class="clip"
          title={name}
          href={`?view=steps&step=${n}`}
          onClick={(event) => {
            event.preventDefault();
            setQuery({ step: String(n) });
          }}
        >
          {name}
        </a>
        {kind === "materialize" ? null : <span class="faint"> {kind}</span>}
      </>
    ),
  },
  { title: "Partitions", cell: ({ partitions }) => <Ranges text={partitions} /> },
];

/** What is so of most steps is not said of each. */
const lastColumns: readonly Column<Step>[] = [
  { title: "Took", holds: "number", cell: ({ startedAt, endedAt }) => <Took from={startedAt} to={endedAt} /> },
  { title: "Attempts", holds: "number", cell: ({ attempt }) => (attempt < 2 ? "" : attempt) },
  {
    title: "Why",
    holds: "prose",
    cell: ({ status, why }) => <div class={status === "succeeded" ? "why faint" : "why"}>{why}</div>,
  },
  { title: "Started", cell: ({ startedAt }) => <Ago at={startedAt} /> },
];
