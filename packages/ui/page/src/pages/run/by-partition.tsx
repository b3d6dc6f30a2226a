/** A run by its partitions, as one looks at a backfill: what waits, runs, is held, is done or failed, to be chosen and made again. */
import type { RunGroup } from "@iroko/core/client";
import type { JSX } from "preact";
import { count, counted, span } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { assetHref } from "../../parts/links.ts";
import { Ranges } from "../../parts/ranges.tsx";
import type { Choosable } from "./choose-again.ts";
import { choosing } from "./choose-row.tsx";

/** What somebody has to look at comes first. */
const order = ["failed", "held", "running", "ready", "blocked", "skipped", "canceled", "succeeded"];
const waiting: Readonly<Record<string, string>> = {
  ready: "waiting",
  blocked: "waiting for others",
  succeeded: "done",
};

interface Standing extends Choosable {
  readonly name: string;
  readonly kind: RunGroup["kind"];
  readonly steps: number;
  readonly meanSeconds: number | null;
}

export function ByPartition({ groups }: { readonly groups: readonly RunGroup[] }): JSX.Element {
  const rows = standings(groups);
  return (
    <DataTable
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        choosing(rows, ({ name, status }) => `${name}, ${status}`),
        { title: "State", cell: ({ status }) => <Badge state={status}>{waiting[status] ?? status}</Badge> },
        {
          title: "Asset",
          cell: ({ name, assets, kind }) => (
            <>
              <a class="clip" href={assetHref(assets[0] ?? name)} title={name}>
                {name}
              </a>
              {kind === "materialize" ? null : <span class="faint"> {kind}</span>}
            </>
          ),
        },
        { title: "Partitions", cell: ({ partitions }) => <Ranges text={partitions} /> },
        { title: "Steps", holds: "number", cell: ({ steps }) => count(steps) },
        { title: "Pace", holds: "prose", cell: paceOf },
      ]}
    />
  );
}

function standings(groups: readonly RunGroup[]): readonly Standing[] {
  return groups
    .flatMap(({ name, kind, assets, meanSeconds, states }) =>
      states.map((state): Standing => ({
        ...state,
        id: `${state.status}:${encodeURIComponent(name)}`,
        name,
        kind,
        assets,
        meanSeconds,
      })),
    )
    .toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
}

/** By what its steps took so far. */
function paceOf({ status, steps, meanSeconds }: Standing): string {
  if (meanSeconds === null) return "";
  if (status === "succeeded") return `${span(meanSeconds)} a step`;
  const isAhead = status === "ready" || status === "blocked" || status === "held" || status === "running";
  return isAhead ? `about ${span(meanSeconds * steps)} of work in ${counted(steps, "step")}` : "";
}
