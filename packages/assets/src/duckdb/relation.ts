import type { PinnedObject, Relation, StepScope, TableSchema } from "@iroko/core";
import { columnList } from "./column-sql.ts";
import { render, type Query, type RenderedQuery } from "./render.ts";
import { rowReader } from "./read-values.ts";
import { databaseError, sqlError } from "./sql-error.ts";
import { duckdbOf } from "./step-database.ts";

export interface RelationBody {
  /** Either SQL of ours, which gives the rows … */
  readonly text?: string;
  /** … or a query of the user's. */
  readonly query?: Query;
  readonly schema?: TableSchema | undefined;
  readonly objects?: readonly PinnedObject[];
}

/** Rows that DuckDB holds ready: those of pinned files, or of a query over them. */
export class DuckRelation<Row> implements Relation<Row> {
  readonly scope: StepScope;
  readonly schema: TableSchema | undefined;
  readonly objects: readonly PinnedObject[];
  readonly query: Query | undefined;
  readonly #text: string;

  constructor(scope: StepScope, { text = "", query, schema, objects = [] }: RelationBody) {
    this.scope = scope;
    this.schema = schema;
    this.objects = objects;
    this.query = query;
    this.#text = text;
  }

  /** Names it in SQL of the same step. One with parameters has no name: give it to `sql` as a value. */
  get sql(): string {
    return `(${this.rendered.text})`;
  }

  get rendered(): RenderedQuery {
    const own = this.schema === undefined ? [] : [this.schema];
    if (this.query === undefined) return { text: this.#text, params: {}, sourceStart: 0, schemas: own };
    const rendered = render(this.query);
    return { ...rendered, schemas: [...own, ...rendered.schemas] };
  }

  async *rows(): AsyncGenerator<Row> {
    const { text, params } = this.rendered;
    const columns = this.schema === undefined ? "*" : columnList(this.schema);
    const statement = `select ${columns} from (${text})`;
    try {
      const database = await duckdbOf(this.scope);
      let read: ReturnType<typeof rowReader<Row>> | undefined;
      for await (const { chunk, result } of database.stream(statement, params)) {
        read ??= rowReader<Row>(result, this.schema);
        yield* read(chunk);
      }
    } catch (error) {
      throw this.explain(error, statement);
    }
  }

  async count(): Promise<number> {
    if (this.query === undefined && this.objects.length > 0) {
      return this.objects.reduce((sum, { rows }) => sum + rows, 0);
    }
    const { text, params } = this.rendered;
    const statement = `select count(*) as n from (${text})`;
    try {
      const [row] = await (await duckdbOf(this.scope)).all(statement, params);
      return Number(row?.["n"]);
    } catch (error) {
      throw this.explain(error, statement);
    }
  }

  /** DuckDB's error about a statement that holds this relation's text, as ours. */
  explain(error: unknown, statement: string): unknown {
    const { text, sourceStart, schemas } = this.rendered;
    const sensitive = schemas.some((schema) => schema.columns.some((column) => column.sensitive));
    if (this.query === undefined) return databaseError(error, "Reading a relation", sensitive);
    const { source } = this.query;
    return sqlError(error, { text: statement, sourceStart: statement.indexOf(text) + sourceStart, source, sensitive });
  }
}

/** A relation of a step's database: of SQL that is ours, or of the user's with its source. */
export function relationOf<Row = Record<string, unknown>>(scope: StepScope, body: RelationBody): DuckRelation<Row> {
  return new DuckRelation<Row>(scope, body);
}
