import type { Check } from "@iroko/core";
import { identifier } from "../duckdb/quote.ts";
import { readOptions, type CheckOptions } from "./check-options.ts";
import { findViolations, rowsText } from "./find-violations.ts";

/** Every row has a value in the column: for a nullable one that should be filled, usually with `severity: "warn"`. */
export function notNull<const Column extends string>(column: Column, options: CheckOptions = {}): Check<Column> {
  return {
    ...readOptions(options, `not_null_${column}`),
    kind: "notNull",
    columns: [column],
    history: 0,
    run: (context) =>
      findViolations(context, {
        source: {
          subject: `asset "${context.asset}", check notNull`,
          text: `select * from self where ${identifier(column)} is null`,
        },
        message: (violations) => `${rowsText(violations)} without ${column}.`,
      }),
  };
}
