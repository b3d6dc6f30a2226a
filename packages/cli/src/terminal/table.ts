import { printable } from "./terminal.ts";

export interface TableColumn<Row> {
  readonly title: string;
  value(row: Row): string | number | null | undefined;
  readonly align?: "left" | "right";
  /** May be cut where the terminal is too narrow. Never an id, a key, a number: those are copied. */
  readonly shrinks?: boolean;
}

const gap = "  ";
const narrowest = 12;

/** Rows in columns under their titles. What fits nowhere runs over the edge rather than be cut. */
export function formatTable<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  { width, style }: { readonly width: number; readonly style: (text: string) => string },
): string {
  const cells = rows.map((row) => columns.map((column) => cellOf(column.value(row))));
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...cells.map((line) => line[index]!.length)));
  let over = widths.reduce((sum, each) => sum + each, 0) + gap.length * (columns.length - 1) - width;
  for (const [index, { shrinks }] of columns.entries()) {
    if (!shrinks || over <= 0) continue;
    const cut = Math.min(over, Math.max(0, widths[index]! - narrowest));
    widths[index]! -= cut;
    over -= cut;
  }
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => {
        const shown = text.length > widths[index]! ? `${text.slice(0, widths[index]! - 1)}…` : text;
        return columns[index]!.align === "right" ? shown.padStart(widths[index]!) : shown.padEnd(widths[index]!);
      })
      .join(gap)
      .trimEnd();
  return [style(line(columns.map(({ title }) => title))), ...cells.map(line)].join("\n");
}

function cellOf(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  return printable(typeof value === "number" ? value.toLocaleString("en-US") : value).replaceAll(/[\t\n]/g, " ");
}
