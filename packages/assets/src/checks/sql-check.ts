import type { Check } from "@iroko/core";
import { readSql, type SqlText } from "../sql-asset/sql-text.ts";
import { readOptions, type CheckOptions } from "./check-options.ts";
import { findViolations, rowsText } from "./find-violations.ts";

/** `sql` or `file` gives the rows that should not be: over `self`, the asset's dependencies by name, and `previous`. */
export type SqlCheckOptions = CheckOptions & SqlText & { readonly name: string };

/**
 * A check in SQL: the rows it gives are those that break it. `$window_start`, `$window_end` and `$partition_key` are bound
 * as in the asset; `previous` is the version before, of no rows where there is none.
 *
 * @example
 * sqlCheck({
 *   name: "conservation",
 *   sql: "select a.n, b.n from (select count(*) n from self) a, (select count(*) n from raw) b where a.n > b.n",
 * })
 */
export function sqlCheck(options: SqlCheckOptions): Check<never> {
  const { text, file } = readSql(options, `check "${options.name}"`);
  return {
    ...readOptions(options, options.name),
    kind: "sql",
    columns: [],
    history: 0,
    sql: text,
    run: (context) =>
      findViolations(context, {
        source: { subject: `asset "${context.asset}", check "${options.name}"`, text, file },
        message: (violations) => `${rowsText(violations)} found.`,
      }),
  };
}
