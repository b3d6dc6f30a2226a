/** The lineage as rows, the worst first: what the picture shows, its arrows by name. */
import type { Lineage } from "@iroko/core/client";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { neighbours, type Neighbours } from "../../graph/layout.ts";
import { count } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { DataTable, type Column } from "../../parts/data-table.tsx";
import { assetHref } from "../../parts/links.ts";
import { bySeverity, healthOf } from "./states.ts";

const rowsAtOnce = 500;
const namedAtOnce = 5;

export function Table({ answer }: { readonly answer: Lineage }): JSX.Element {
  const [shown, setShown] = useState(rowsAtOnce);
  const { rows, columns } = useMemo(() => {
    const edges = Int32Array.from(answer.edges);
    const [above, below] = ([1, 0] as const).map((end) => neighbours(answer.keys.length, edges, end));
    const states = answer.keys.map((_, at) => healthOf(answer, at));
    return {
      rows: answer.keys.map((_, at) => at).toSorted((a, b) => bySeverity(states[a]!, states[b]!) || a - b),
      columns: [
        { title: "State", cell: (at) => <Badge state={states[at]!} /> },
        { title: "Asset", cell: (at) => <a href={assetHref(answer.keys[at]!)}>{answer.keys[at]}</a> },
        { title: "Group", cell: (at) => answer.groups[answer.group[at]!] },
        { title: "Depends on", holds: "prose", cell: (at) => <Named answer={answer} of={above!} at={at} /> },
        { title: "Read by", holds: "prose", cell: (at) => <Named answer={answer} of={below!} at={at} /> },
      ] satisfies readonly Column<number>[],
    };
  }, [answer]);
  return (
    <>
      <DataTable rows={rows.slice(0, shown)} keyOf={(at) => answer.keys[at]!} columns={columns} />
      <More of={rows.length} shown={shown} onMore={() => setShown(shown + rowsAtOnce)} />
    </>
  );
}

interface NamedProps {
  readonly answer: Lineage;
  readonly of: Neighbours;
  readonly at: number;
}

function Named({ answer, of: { from, nodes }, at }: NamedProps): JSX.Element {
  const all = nodes.subarray(from[at], from[at + 1]);
  return (
    <>
      {Array.from(all.subarray(0, namedAtOnce), (other, place) => (
        <>
          {place === 0 ? "" : ", "}
          <a href={assetHref(answer.keys[other]!)}>{answer.keys[other]}</a>
        </>
      ))}
      {all.length > namedAtOnce ? ` and ${count(all.length - namedAtOnce)} more` : ""}
    </>
  );
}

interface MoreProps {
  readonly of: number;
  readonly shown: number;
  readonly onMore: () => void;
}

/** Ten thousand rows are seconds of work for the browser; they come as they are asked for. */
export function More({ of, shown, onMore }: MoreProps): JSX.Element | null {
  if (shown >= of) return null;
  return (
    <p class="row">
      <span class="faint">
        {count(shown)} of {count(of)} are shown.
      </span>
      <button type="button" onClick={onMore}>
        Show more
      </button>
    </p>
  );
}
