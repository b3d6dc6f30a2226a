import type { ErrorPlace } from "@iroko/core";

/** A text of SQL that a person wrote, so that a mistake in it can be shown where it stands. */
export interface SqlSource {
  /** e.g. `asset "cleaned", metrics` */
  readonly subject: string;
  readonly text: string;
  /** Where the text is a file of its own. */
  readonly file?: string | undefined;
}

export interface SourcePlace {
  readonly place: ErrorPlace;
  /** The line of the mistake with a caret under it; absent where the position is not known. */
  readonly excerpt?: string;
}

/** @param offset in characters of the source's text; undefined where DuckDB does not say */
export function placeIn(source: SqlSource, offset: number | undefined): SourcePlace {
  const where: ErrorPlace = {
    subject: source.subject,
    ...(source.file === undefined ? {} : { file: source.file }),
  };
  if (offset === undefined || offset < 0) return { place: where };
  // What is missing at the end is found missing in what we put behind it.
  const end = source.text.trimEnd().length;
  const before = source.text.slice(0, Math.min(offset, end)).split("\n");
  const line = before.length;
  const column = (before.at(-1) ?? "").length + 1;
  const text = source.text.split("\n")[line - 1] ?? "";
  const gutter = String(line);
  // Tabs stay, so that the caret stands under its letter whatever their width.
  const indent = text.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
  return {
    place: { ...where, line, column },
    excerpt: `${gutter} | ${text}\n${" ".repeat(gutter.length)} | ${indent}^`,
  };
}
