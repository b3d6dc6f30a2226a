/** Who works: where, on how much, and whether its link and its machine keep up. */
import type { Health } from "@iroko/core/client";
import type { JSX } from "preact";
import { Badge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/command.tsx";
import { worker } from "../../parts/commands.ts";
import { DataTable } from "../../parts/data-table.tsx";
import { Ago } from "../../parts/time.tsx";
import { troublesOf } from "./health-lines.ts";

type Worker = Health["workers"][number];

function stateOf({ alive, draining }: Worker): JSX.Element {
  if (!alive) return <Badge state="failed">gone</Badge>;
  return draining ? <Badge state="draining" /> : <Badge state="on">at work</Badge>;
}

export function Workers({ workers }: { readonly workers: readonly Worker[] }): JSX.Element {
  if (workers.length === 0)
    return <Empty says="No worker is running: nothing is made until one starts." command={worker} />;
  return (
    <DataTable
      rows={workers}
      keyOf={({ id }) => id}
      columns={[
        { title: "State", cell: stateOf },
        { title: "Host", cell: ({ host }) => host },
        { title: "Process", holds: "number", cell: ({ pid }) => pid },
        { title: "Location", cell: ({ location }) => location },
        { title: "Running", holds: "number", cell: ({ running, slots }) => `${running} of ${slots}` },
        {
          title: "Round trip",
          holds: "number",
          cell: ({ roundTripMs }) => (roundTripMs === null ? "–" : `${roundTripMs.toFixed(1)} ms`),
        },
        { title: "Started", cell: ({ startedAt }) => <Ago at={startedAt} /> },
        {
          title: "Trouble",
          cell: (worker) => (
            <span class="warn-text">
              {troublesOf(worker)
                .map(({ says }) => says)
                .join(", ")}
            </span>
          ),
        },
      ]}
    />
  );
}
