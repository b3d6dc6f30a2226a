import { IrokoError, type Bound, type Check } from "@iroko/core";
import { identifier } from "../duckdb/quote.ts";
import { boundSql } from "../parquet/contract.ts";
import { readOptions, type CheckOptions } from "./check-options.ts";
import { findViolations, rowsText } from "./find-violations.ts";

/** A number as it is written, or a text where a float would not be exact: a decimal, an ISO date or instant. */
export type Limit = number | bigint | string | Temporal.Instant | Temporal.PlainDate;

export interface RangeLimits {
  readonly gt?: Limit;
  readonly gte?: Limit;
  readonly lt?: Limit;
  readonly lte?: Limit;
}

const operators = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

/**
 * Every value of the column lies between the limits; nulls are left to `notNull`.
 *
 * @example range("amount_ngn", { gt: 0, lt: 100_000_000 })
 */
export function range<const Column extends string>(
  column: Column,
  limits: RangeLimits,
  options: CheckOptions = {},
): Check<Column> {
  const given = (["gt", "gte", "lt", "lte"] as const).flatMap((name) => {
    const limit = limits[name];
    return limit === undefined ? [] : [{ name, operator: operators[name], value: plain(limit) }];
  });
  const said = given.map(({ operator, value }) => `${operator} ${value}`).join(" and ");
  return {
    ...readOptions(options, `range_${column}`),
    kind: "range",
    columns: [column],
    history: 0,
    run: (context) => {
      const found = context.schema.columns.find(({ name }) => name === column);
      if (found === undefined) {
        throw new IrokoError(
          "OUTPUT_INVALID",
          `Asset "${context.asset}", check range: there is no column "${column}".`,
          {
            hint: `Its columns are ${context.schema.columns.map(({ name }) => name).join(", ")}.`,
          },
        );
      }
      const conditions = given.map(({ name, operator, value }) => {
        const bound: Bound = { value, inclusive: name === "gte" || name === "lte" };
        return `${identifier(column)} ${operator} ${boundSql(found, bound, name)}`;
      });
      const inside = conditions.length === 0 ? "true" : conditions.join(" and ");
      return findViolations(context, {
        source: { subject: `asset "${context.asset}", check range`, text: `select * from self where not (${inside})` },
        params: Object.fromEntries(given.map(({ name, value }) => [name, value])),
        message: (violations) => `${rowsText(violations)} with ${column} not ${said}.`,
      });
    },
  };
}

/** In plain digits: a cast to an exact decimal would round what an exponent makes small. */
function plain(limit: Limit): string {
  if (typeof limit !== "number") return String(limit);
  if (Number.isInteger(limit)) return BigInt(limit).toString();
  const [mantissa = "", exponent] = String(limit).split("e-");
  if (exponent === undefined) return mantissa;
  const digits = mantissa.replace(/[-.]/g, "");
  return `${limit < 0 ? "-" : ""}0.${"0".repeat(Number(exponent) - 1)}${digits}`;
}
