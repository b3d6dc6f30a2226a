/** A table of rows: numbers to the right, sentences broken into lines, scrolled sideways where it is too wide. */
import type { ComponentChildren, JSX } from "preact";

export interface Column<Row> {
  readonly title: string;
  /** In place of the title, where words alone do not tell it. */
  readonly head?: ComponentChildren | undefined;
  /** A number stands to the right, prose is broken into lines, a drawing takes what room there is. */
  readonly holds?: "number" | "prose" | "wide";
  readonly cell: (row: Row) => ComponentChildren;
}

interface DataTableProps<Row> {
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
  /** By which a row is linked. */
  readonly idOf?: (row: Row) => string;
  /** Names it where nothing in it can be focused: keys scroll it then. */
  readonly label?: string;
}

export function DataTable<Row>({ rows, keyOf, columns, idOf, label }: DataTableProps<Row>): JSX.Element {
  return (
    <div class="scroll" {...(label === undefined ? {} : { tabIndex: 0, role: "region", "aria-label": label })}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title, head, holds }) =>
              title === "" ? (
                <td key={title} />
              ) : (
                <th key={title} scope="col" class={holds === "prose" ? undefined : holds}>
                  {head ?? title}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} id={idOf?.(row)}>
              {columns.map(({ title, holds, cell }) => (
                <td key={title} class={holds}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
