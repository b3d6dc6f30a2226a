import { IrokoError, type TableSchema } from "@iroko/core";
import { identifier } from "./quote.ts";
import type { DuckRelation } from "./relation.ts";
import type { SqlSource } from "./source-place.ts";
import type { SqlValue } from "./sql-value.ts";
import type { Params } from "./step-database.ts";

/** SQL with what it refers to: values by `$name`, relations by name. */
export interface Query {
  readonly source: SqlSource;
  readonly params: Params;
  readonly relations: Readonly<Record<string, DuckRelation<never>>>;
}

/** A query as one text that stands anywhere a subquery may. */
export interface RenderedQuery {
  readonly text: string;
  readonly params: Params;
  /** Where the source's text begins, in characters. */
  readonly sourceStart: number;
  /** Schemas of all that it reads, as far as they are known. */
  readonly schemas: readonly TableSchema[];
}

/** Relations become CTEs around the text, not views: each partition of a step has its own, and none is in another's way. */
export function render({ source, params, relations }: Query): RenderedQuery {
  const allParams: Record<string, SqlValue> = { ...params };
  const schemas: TableSchema[] = [];
  const ctes: string[] = [];
  for (const [name, relation] of Object.entries(relations)) {
    const inner = relation.rendered;
    for (const [param, value] of Object.entries(inner.params)) {
      if (param in allParams && String(allParams[param]) !== String(value)) throw twoMeanings(param, source);
      allParams[param] = value;
    }
    schemas.push(...inner.schemas);
    ctes.push(`${identifier(name)} as not materialized (${inner.text})`);
  }
  const opening = ctes.length === 0 ? "select * from (\n" : `with ${ctes.join(", ")} select * from (\n`;
  return {
    text: `${opening}${withoutSemicolon(source.text)}\n)`,
    params: allParams,
    sourceStart: opening.length,
    schemas,
  };
}

function twoMeanings(param: string, source: SqlSource): IrokoError {
  return new IrokoError(
    "SQL_FAILED",
    `${source.subject}: $${param} has one value here and another in a relation it reads.`,
    {
      hint: "Give one of them another name, or write both with sql`…${value}…`.",
      place: { subject: source.subject },
    },
  );
}

/** A statement's end would end the subquery. Comments may follow it. */
function withoutSemicolon(text: string): string {
  return text.replace(/;(?:\s|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*$/, "");
}
