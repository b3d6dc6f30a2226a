import type { Relation, StepScope } from "@iroko/core";
import { identifier } from "./quote.ts";
import { DuckRelation } from "./relation.ts";
import type { SqlValue } from "./sql-value.ts";
import type { Params } from "./step-database.ts";

/** What `query` and `sql` need of a context: `ctx` of a `materialize`, a check or an observation. */
export interface QueryContext {
  readonly scope: StepScope;
  readonly deps?: Readonly<Record<string, unknown>>;
}

/**
 * A relation from SQL over `ctx.deps`: their names are relations in it, and `$name` stands for a value of `params`.
 * Nothing runs before its rows are asked for; given to an IO manager, it is written without passing through JavaScript.
 *
 * @example
 * materialize: (ctx) => query(ctx, "select * from raw where amount_ngn > $least::DECIMAL(18, 2)", { least: "100" })
 */
export function query<Row = Record<string, unknown>>(
  ctx: QueryContext,
  text: string,
  params: Params = {},
): Relation<Row> {
  return new DuckRelation<Row>(ctx.scope, {
    query: { source: { subject: "query", text }, params, relations: relationsIn(ctx.deps ?? {}) },
  });
}

/**
 * The same as a template: relations and values stand where they belong. Values are bound, never pasted.
 *
 * @example
 * materialize: (ctx) => sql(ctx)`select * from ${ctx.deps.raw} where merchant_id = ${merchant}`
 */
export function sql(
  ctx: QueryContext,
): <Row = Record<string, unknown>>(
  strings: TemplateStringsArray,
  ...values: readonly (SqlValue | Relation<unknown>)[]
) => Relation<Row> {
  return <Row>(strings: TemplateStringsArray, ...values: readonly (SqlValue | Relation<unknown>)[]) => {
    const params: Record<string, SqlValue> = {};
    const relations: Record<string, DuckRelation<never>> = { ...relationsIn(ctx.deps ?? {}) };
    let text = strings[0] ?? "";
    for (const [index, value] of values.entries()) {
      templateValues += 1;
      const name = `iroko_${templateValues}`;
      if (value instanceof DuckRelation) {
        relations[name] = value as DuckRelation<never>;
        text += identifier(name);
      } else {
        params[name] = value as SqlValue;
        text += `$${name}`;
      }
      text += strings[index + 1] ?? "";
    }
    return new DuckRelation<Row>(ctx.scope, { query: { source: { subject: "query", text }, params, relations } });
  };
}

/** Numbers the values of templates, so that nested ones cannot take each other's names. */
let templateValues = 0;

/** Those of a step's dependencies that are relations. */
export function relationsIn(deps: Readonly<Record<string, unknown>>): Record<string, DuckRelation<never>> {
  const relations: Record<string, DuckRelation<never>> = {};
  for (const [name, value] of Object.entries(deps)) {
    if (value instanceof DuckRelation) relations[name] = value as DuckRelation<never>;
  }
  return relations;
}
