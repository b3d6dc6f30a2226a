/** What every command that lists things prints: their JSON, else a table, else a sentence on what there is to do. */
import { formatTable, type TableColumn } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface PrintedList<Row> {
  readonly rows: readonly Row[];
  readonly columns: readonly TableColumn<Row>[];
  /** Said where there is none. */
  readonly none: string;
  /** What its JSON is; undefined: nobody asked for that. */
  readonly json: unknown;
}

export function printList<Row>({ rows, columns, none, json }: PrintedList<Row>, terminal: Terminal): void {
  if (json !== undefined) return terminal.data(JSON.stringify(json, null, 2));
  if (rows.length === 0) return terminal.say(none);
  const style = (text: string): string => terminal.styleData("bold", text);
  terminal.data(formatTable<Row>(columns, rows, { width: terminal.columns, style }));
}
