/** Runs, the newest first. */
import type { Page, Run } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { useTitle } from "../../app.tsx";
import { count } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/command.tsx";
import { makeAll } from "../../parts/commands.ts";
import { DataTable, type Column } from "../../parts/data-table.tsx";
import { runHref, shortId } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Pager } from "../../parts/pager.tsx";
import { RowKeys } from "../../parts/row-keys.tsx";
import { Ago, Took } from "../../parts/time.tsx";
import { place } from "../../router.ts";
import { filterInput, filtersOf, isFiltered, RunFilters } from "./filters.tsx";

export default function Runs(): JSX.Element {
  useTitle("Runs");
  const { query } = place.value;
  const filters = filtersOf(query);
  const page = useResource<Page<Run>>(address("/runs", { ...filterInput(filters), after: query.get("after") }));
  return (
    <>
      <h1>Runs</h1>
      <RunFilters />
      <Loaded of={page} rows={10}>
        {({ items, cursor }) =>
          items.length === 0 ? (
            isFiltered(filters) ? (
              <Empty says="There is no such run." />
            ) : (
              <Empty says="Nothing has run yet. Make everything once:" command={makeAll} />
            )
          ) : (
            <>
              <RowKeys>
                <DataTable rows={items} keyOf={({ id }) => id} columns={columns} />
              </RowKeys>
              <Pager name="after" cursor={cursor} first="Newest" next="Older" />
            </>
          )
        }
      </Loaded>
    </>
  );
}

const columns: readonly Column<Run>[] = [
  { title: "State", cell: ({ status }) => <Badge state={status} /> },
  {
    title: "Run",
    cell: ({ id }) => (
      <a class="id" href={runHref(id)} title={id}>
        {shortId(id)}
      </a>
    ),
  },
  { title: "Assets", cell: ({ selection }) => <code>{selection}</code> },
  { title: "Partitions", holds: "prose", cell: ({ partitions }) => partitions },
  {
    title: "Steps",
    holds: "number",
    cell: ({ succeeded, planned, failed }) => (
      <>
        {count(succeeded)}/{count(planned)}
        {failed > 0 ? <span class="bad-text"> {count(failed)} failed</span> : null}
      </>
    ),
  },
  { title: "By", cell: ({ trigger, triggerName }) => triggerName ?? trigger },
  { title: "Asked for", cell: ({ createdAt }) => <Ago at={createdAt} /> },
  { title: "Took", holds: "number", cell: ({ startedAt, endedAt }) => <Took from={startedAt} to={endedAt} /> },
];
