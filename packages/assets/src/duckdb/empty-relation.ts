import type { StepScope, TableSchema } from "@iroko/core";
import { emptyQuery } from "./column-sql.ts";
import { relationOf, type DuckRelation } from "./relation.ts";

/** A relation of the schema's columns and no rows. */
export function emptyRelation(scope: StepScope, subject: string, schema: TableSchema): DuckRelation<never> {
  const source = { subject, text: emptyQuery(schema) };
  return relationOf<never>(scope, { schema, query: { source, params: {}, relations: {} } });
}
