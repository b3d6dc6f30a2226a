import { readFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { IrokoError } from "@iroko/core";

/** SQL as a text, or as a file beside the module: `file: new URL("./cleaned.sql", import.meta.url)`. */
export type SqlText =
  { readonly sql: string; readonly file?: undefined } | { readonly sql?: undefined; readonly file: URL };

export interface ReadSql {
  readonly text: string;
  /** As seen from the project's folder, so that it is the same on every machine. */
  readonly file: string | undefined;
}

/** @throws {IrokoError} SQL_FILE when the file cannot be read */
export function readSql({ sql, file }: SqlText, subject: string): ReadSql {
  if (file === undefined) return { text: sql, file: undefined };
  try {
    const path = fileURLToPath(file);
    return { text: readFileSync(path, "utf8"), file: relative(process.cwd(), path).replaceAll(sep, "/") };
  } catch (cause) {
    throw new IrokoError("SQL_FILE", `The SQL of ${subject} cannot be read: ${String(file)}.`, {
      hint: 'Name it as seen from the module: new URL("./name.sql", import.meta.url).',
      cause,
    });
  }
}
