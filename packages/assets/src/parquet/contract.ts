import type { Bound, Column, TableSchema } from "@iroko/core";
import { sqlType } from "../duckdb/column-sql.ts";
import { identifier } from "../duckdb/quote.ts";
import type { SqlValue } from "../duckdb/sql-value.ts";

/** One thing that a schema says of every row. */
export interface ContractRule {
  readonly column: string;
  /** In words: `amount_ngn > 0`. */
  readonly rule: string;
  /** SQL that is true of a row which breaks it. */
  readonly broken: string;
  readonly params: Readonly<Record<string, SqlValue>>;
}

/** The rules of a schema as SQL. The types are not among them: a file has them, or it is not read at all. */
export function contractRules(schema: TableSchema): ContractRule[] {
  return schema.columns.flatMap((column, index) => rulesOf(column, `c${index}`));
}

function rulesOf(column: Column, prefix: string): ContractRule[] {
  const { name, type } = column;
  const sql = identifier(name);
  const rules: ContractRule[] = [];
  const add = (rule: string, broken: string, params: ContractRule["params"] = {}) =>
    rules.push({ column: name, rule, broken, params });

  if (!column.nullable) add(`${name} is not null`, `${sql} is null`);
  if (type.kind === "float") add(`${name} is finite`, `not isfinite(${sql})`);
  if (column.enum !== undefined) {
    const names = column.enum.map((_, index) => `${prefix}_enum_${index}`);
    add(
      `${name} is one of ${column.enum.join(", ")}`,
      names.length === 0 ? `${sql} is not null` : `${sql} not in (${names.map((param) => `$${param}`).join(", ")})`,
      Object.fromEntries(names.map((param, index) => [param, column.enum?.[index] ?? null])),
    );
  }
  if (column.minimum !== undefined) {
    const operator = column.minimum.inclusive ? ">=" : ">";
    add(
      `${name} ${operator} ${column.minimum.value}`,
      `not (${sql} ${operator} ${boundSql(column, column.minimum, `${prefix}_min`)})`,
      {
        [`${prefix}_min`]: column.minimum.value,
      },
    );
  }
  if (column.maximum !== undefined) {
    const operator = column.maximum.inclusive ? "<=" : "<";
    add(
      `${name} ${operator} ${column.maximum.value}`,
      `not (${sql} ${operator} ${boundSql(column, column.maximum, `${prefix}_max`)})`,
      {
        [`${prefix}_max`]: column.maximum.value,
      },
    );
  }
  if (column.minLength !== undefined) {
    add(`${name} has at least ${column.minLength} characters`, `length(${sql}) < $${prefix}_shortest`, {
      [`${prefix}_shortest`]: column.minLength,
    });
  }
  if (column.maxLength !== undefined) {
    add(`${name} has at most ${column.maxLength} characters`, `length(${sql}) > $${prefix}_longest`, {
      [`${prefix}_longest`]: column.maxLength,
    });
  }
  if (column.pattern !== undefined) {
    add(`${name} matches ${column.pattern}`, `not regexp_matches(${sql}, $${prefix}_pattern)`, {
      [`${prefix}_pattern`]: column.pattern,
    });
  }
  return rules;
}

/** A bound as an exact value: of the column's own type where that holds it, so that comparing stays cheap. */
export function boundSql(column: Pick<Column, "type">, bound: Bound, param: string): string {
  const [whole = "", fraction = ""] = bound.value.replace(/^[+-]/, "").split(".");
  const { type } = column;
  switch (type.kind) {
    case "float":
      return `$${param}::DOUBLE`;
    case "timestamp":
      return `$${param}::TIMESTAMPTZ`;
    case "date":
      return `$${param}::DATE`;
    case "integer":
      if (fraction === "" && whole.length <= 18) return `$${param}::BIGINT`;
      break;
    case "decimal":
      if (fraction.length <= type.scale && whole.length <= type.precision - type.scale)
        return `$${param}::${sqlType(type)}`;
      break;
    default:
  }
  return `$${param}::DECIMAL(38, ${fraction.length})`;
}
