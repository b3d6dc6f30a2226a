import type { JSX } from "preact";
import type { Column } from "../../parts/data-table.tsx";
import { place, setQuery } from "../../router.ts";
import { chosenIn, toggled, type Choosable } from "./choose-again.ts";

/** The column by which rows of a list are chosen to be made again. */
export function choosing<Row extends Choosable>(rows: readonly Row[], nameOf: (row: Row) => string): Column<Row> {
  const chosen = chosenIn(place.value.query);
  return {
    title: "",
    cell: (row): JSX.Element => (
      <input
        type="checkbox"
        aria-label={`Choose ${nameOf(row)}`}
        disabled={row.kind === "check"}
        title={row.kind === "check" ? "A check is made again with what it checks." : undefined}
        checked={chosen.has(row.id)}
        onChange={() => setQuery(toggled(rows, chosen, row.id))}
      />
    ),
  };
}
