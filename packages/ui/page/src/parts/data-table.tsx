/** A table of plain rows: numbers to the right, scrolled sideways where it is too wide. */
import type { ComponentChildren, JSX } from "preact";

export interface Column<Row> {
  readonly title: string;
  readonly number?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
}

interface DataTableProps<Row> {
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
}

export function DataTable<Row>({ rows, keyOf, columns }: DataTableProps<Row>): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {columns.map(({ title, number = false }) =>
              title === "" ? (
                <td key={title} />
              ) : (
                <th key={title} scope="col" class={number ? "number" : undefined}>
                  {title}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, number = false, cell }) => (
                <td key={title} class={number ? "number" : undefined}>
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
