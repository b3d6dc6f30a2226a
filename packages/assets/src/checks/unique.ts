import type { Check } from "@iroko/core";
import { identifier } from "../duckdb/quote.ts";
import { readOptions, type CheckOptions } from "./check-options.ts";
import { findViolations, rowsText } from "./find-violations.ts";

/**
 * No two rows have the same values in these columns. Rows with a null among them are not compared, as in SQL.
 *
 * @example checks: [unique("transaction_id"), unique("state", "lga", { severity: "warn" })]
 */
export function unique<const Column extends string>(
  ...columnsAndOptions: readonly [Column, ...(Column | CheckOptions)[]]
): Check<Column> {
  const columns = columnsAndOptions.filter((item): item is Column => typeof item === "string");
  const options = columnsAndOptions.find((item) => typeof item === "object") ?? {};
  const list = columns.map((name) => identifier(name)).join(", ");
  const whole = columns.map((name) => `${identifier(name)} is not null`).join(" and ");
  return {
    ...readOptions(options, `unique_${columns.join("_")}`),
    kind: "unique",
    columns,
    history: 0,
    run: (context) =>
      findViolations(context, {
        source: {
          subject: `asset "${context.asset}", check unique`,
          text: `select ${list}, count(*) as copies from self where ${whole} group by ${list} having count(*) > 1 order by copies desc, ${list}`,
        },
        counted: "sum(copies)",
        made: ["copies"],
        message: (violations) => `${rowsText(violations)} share their ${columns.join(", ")} with another.`,
      }),
  };
}
