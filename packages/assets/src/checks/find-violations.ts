import { IrokoError, type CheckContext, type CheckOutcome, type Relation } from "@iroko/core";
import { emptyRelation } from "../duckdb/empty-relation.ts";
import { DuckRelation, relationOf } from "../duckdb/relation.ts";
import { relationsIn } from "../duckdb/query.ts";
import type { SqlValue } from "../duckdb/sql-value.ts";
import type { SqlSource } from "../duckdb/source-place.ts";
import { shownRows } from "../duckdb/shown-rows.ts";
import { duckdbOf } from "../duckdb/step-database.ts";
import { maskRows } from "../privacy/mask.ts";
import { partitionParams } from "../sql-asset/partition-params.ts";

const sampleRows = 5;

/** Rows that should not be: how to find them, and how to say it. */
export interface Search {
  /** Gives the violating rows, over `self`, the dependencies and `previous`. */
  readonly source: SqlSource;
  readonly params?: Readonly<Record<string, SqlValue>>;
  /** How many rows broke it, where that is not how many the query gives. */
  readonly counted?: string;
  /** Columns that the query makes and that tell nothing of a sensitive one. */
  readonly made?: readonly string[];
  readonly message: (violations: number) => string;
}

/** Counts the violating rows, and shows some of them with sensitive columns masked. */
export async function findViolations(context: CheckContext, search: Search): Promise<CheckOutcome> {
  const database = await duckdbOf(context.scope);
  const relation = relationOf<never>(context.scope, {
    query: {
      source: search.source,
      params: { ...partitionParams(context.partition), ...search.params },
      relations: relationsOf(context),
    },
  });
  const { text, params, schemas } = relation.rendered;
  // In one go: the query is run once, whether it finds something or not.
  const statement = `with violating as materialized (${text})
    select (select ${search.counted ?? "count(*)"} from violating) as iroko_violations, * from violating limit ${sampleRows}`;
  try {
    const found = await shownRows(database, statement, params);
    const [first] = found;
    if (first === undefined) return { passed: true, violations: 0 };
    const violations = Number(first["iroko_violations"]);
    const sample = found.map(({ iroko_violations: _violations, ...row }) => row);
    return {
      passed: false,
      violations,
      message: search.message(violations),
      sample: maskRows(sample, [context.schema, ...schemas], search.made),
    };
  } catch (error) {
    throw relation.explain(error, statement);
  }
}

/** `1 row`, `2 rows`. */
export function rowsText(count: number): string {
  return `${count} ${count === 1 ? "row" : "rows"}`;
}

function relationsOf(context: CheckContext): Record<string, DuckRelation<never>> {
  const previous =
    context.previous === undefined
      ? emptyRelation(context.scope, "previous", context.schema)
      : duckRelation(context.previous, context.asset);
  return { ...relationsIn(context.deps), previous, self: duckRelation(context.self, context.asset) };
}

function duckRelation(relation: Relation<Record<string, unknown>>, asset: string): DuckRelation<never> {
  if (relation instanceof DuckRelation) return relation as DuckRelation<never>;
  throw new IrokoError("OUTPUT_INVALID", `Asset "${asset}" is not stored as a relation, which this check reads.`, {
    hint: "Store it with parquet(), or write a check of your own: an object with a run function.",
  });
}
