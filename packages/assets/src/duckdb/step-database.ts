/**
 * A step's own DuckDB: in memory, one for each scope, opened on first use and closed with the scope. It reads and writes
 * local files anywhere: which files a step reads is known only as it goes, and DuckDB takes no more folders once
 * external access is off (measured). What reaches the network is off: extensions are neither installed nor loaded.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type {
  DuckDBAppender,
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBPreparedStatement,
  DuckDBResult,
} from "@duckdb/node-api";
import type { Json, StepScope } from "@iroko/core";
import { loadDriver } from "./driver.ts";
import { toDriverValue, type SqlValue } from "./sql-value.ts";

/** Values for named parameters. Those that a statement does not name are not bound: DuckDB would refuse them. */
export type Params = Readonly<Record<string, SqlValue>>;

export interface DescribedColumn {
  readonly name: string;
  /** As DuckDB writes it: `DECIMAL(18,2)`. */
  readonly type: string;
}

export interface ResultTable {
  readonly columns: readonly DescribedColumn[];
  readonly rows: readonly (readonly Json[])[];
}

/** Rows on their way into a table of the step's database. */
export interface TableAppender extends Disposable {
  append(chunk: DuckDBDataChunk): void;
  finish(): void;
}

const databases = new WeakMap<StepScope, Promise<StepDatabase>>();

/** The step's database; the same one for as long as the scope lives. */
export function duckdbOf(scope: StepScope): Promise<StepDatabase> {
  let opening = databases.get(scope);
  if (opening === undefined) {
    opening = StepDatabase.open(scope);
    databases.set(scope, opening);
  }
  return opening;
}

/** Of the step's memory: DuckDB's process grows up to 44 % beyond its limit (measured), and JavaScript needs some. */
const memoryShare = 0.62;

export class StepDatabase {
  readonly scope: StepScope;
  readonly #instance: DuckDBInstance;
  readonly #main: DuckDBConnection;
  readonly #busy = new Map<DuckDBConnection, number>();
  readonly #appenders = new Set<DuckDBAppender>();
  #named = 0;
  #closed = false;
  #interrupting: NodeJS.Timeout | undefined;

  private constructor(scope: StepScope, instance: DuckDBInstance, main: DuckDBConnection) {
    this.scope = scope;
    this.#instance = instance;
    this.#main = main;
  }

  static async open(scope: StepScope): Promise<StepDatabase> {
    scope.signal.throwIfAborted();
    const { DuckDBInstance } = await loadDriver();
    const spill = join(scope.directory, "duckdb-spill");
    mkdirSync(spill, { recursive: true });
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: `${Math.max(64, Math.floor((scope.memoryBytes * memoryShare) / 2 ** 20))}MiB`,
      threads: String(scope.threads),
      temp_directory: spill,
      // So that rows stream in their files' order, and `limit` or `first` mean the same each time. Files are sorted anyway,
      // and with that it costs neither time nor memory (measured: two million rows).
      preserve_insertion_order: "true",
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    });
    const main = await instance.connect();
    await main.run("set global TimeZone = 'UTC'");
    // With the position of a mistake in it, which the text form only draws.
    await main.run("set global errors_as_json = true");
    await main.run("set lock_configuration = true");
    const database = new StepDatabase(scope, instance, main);
    const interrupt = () => database.#interrupt();
    scope.signal.addEventListener("abort", interrupt);
    scope.onClose(() => {
      scope.signal.removeEventListener("abort", interrupt);
      return database.#close();
    });
    return database;
  }

  /** A name for a view or table that nothing else in this step has. */
  freshName(stem: string): string {
    this.#named += 1;
    return `${stem}_${this.#named}`;
  }

  /** Runs a statement; how many rows it wrote. */
  async run(text: string, params: Params = {}): Promise<number> {
    return await this.#on(this.#main, async () => {
      const statement = await this.#prepare(this.#main, text, params);
      try {
        return (await statement.run()).rowsChanged;
      } finally {
        statement.destroySync();
      }
    });
  }

  /** All rows of a small result, as the driver gives them. */
  async all(text: string, params: Params = {}): Promise<Record<string, unknown>[]> {
    return await this.#on(this.#main, async () => {
      const statement = await this.#prepare(this.#main, text, params);
      try {
        return (await statement.runAndReadAll()).getRowObjects();
      } finally {
        statement.destroySync();
      }
    });
  }

  /** A small result with its types, values as JSON: decimals and wide integers as texts. */
  async table(text: string, params: Params = {}): Promise<ResultTable> {
    return await this.#on(this.#main, async () => {
      const statement = await this.#prepare(this.#main, text, params);
      try {
        const reader = await statement.runAndReadAll();
        const columns = reader.columnNames().map((name, index) => ({ name, type: typeName(reader, index) }));
        return { columns, rows: reader.getRowsJson() };
      } finally {
        statement.destroySync();
      }
    });
  }

  /** The columns that a query would give: it is bound, not run. */
  async describe(query: string, params: Params = {}): Promise<DescribedColumn[]> {
    const rows = await this.all(`describe ${query}`, params);
    return rows.map((row) => ({ name: String(row["column_name"]), type: String(row["column_type"]) }));
  }

  /**
   * The result as it comes, a chunk of 2,048 rows at a time, on a connection of its own: a connection drops a stream when
   * it is asked for something else.
   */
  async *stream(text: string, params: Params = {}): AsyncGenerator<DuckDBResultChunk> {
    const connection = await this.#instance.connect();
    try {
      const result = await this.#on(connection, async () => (await this.#prepare(connection, text, params)).stream());
      for (;;) {
        const chunk = await this.#on(connection, () => result.fetchChunk());
        if (chunk === null || chunk.rowCount === 0) return;
        yield { chunk, result };
      }
    } finally {
      connection.closeSync();
    }
  }

  /** Fills a table chunk by chunk. It is not busy between chunks: whoever makes the rows may take as long as they like. */
  async appender(table: string): Promise<TableAppender> {
    const appender = await this.#on(this.#main, () => this.#main.createAppender(table));
    this.#appenders.add(appender);
    const open = () => {
      this.scope.signal.throwIfAborted();
      if (this.#appenders.has(appender)) return appender;
      throw new Error(`The table ${table} is closed.`);
    };
    return {
      append: (chunk) => open().appendDataChunk(chunk),
      finish: () => open().flushSync(),
      [Symbol.dispose]: () => this.#closeAppender(appender),
    };
  }

  async #prepare(connection: DuckDBConnection, text: string, params: Params): Promise<DuckDBPreparedStatement> {
    const { driver, statement } = { driver: await loadDriver(), statement: await connection.prepare(text) };
    for (let index = 1; index <= statement.parameterCount; index += 1) {
      const value = params[statement.parameterName(index)];
      if (value === undefined) continue; // DuckDB names those without a value itself
      const bound = toDriverValue(driver, value);
      statement.bindValue(index, bound.value, bound.type);
    }
    return statement;
  }

  async #on<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
    this.scope.signal.throwIfAborted();
    if (this.#closed) throw new Error("The step has ended, and its DuckDB with it.");
    this.#busy.set(connection, (this.#busy.get(connection) ?? 0) + 1);
    try {
      return await work();
    } catch (error) {
      this.scope.signal.throwIfAborted(); // the interrupt we asked for
      throw error;
    } finally {
      const left = (this.#busy.get(connection) ?? 1) - 1;
      if (left === 0) this.#busy.delete(connection);
      else this.#busy.set(connection, left);
    }
  }

  /** An interrupt is lost on a statement that is about to start, so it is repeated until all have ended. */
  #interrupt(): void {
    for (const connection of this.#busy.keys()) connection.interrupt();
    if (this.#busy.size > 0) this.#interrupting ??= setInterval(() => this.#interrupt(), 20).unref();
    else this.#stopInterrupting();
  }

  #stopInterrupting(): void {
    clearInterval(this.#interrupting);
    this.#interrupting = undefined;
  }

  #closeAppender(appender: DuckDBAppender): void {
    if (this.#appenders.delete(appender)) appender.closeSync();
  }

  async #close(): Promise<void> {
    this.#closed = true;
    // A native statement must not lose its database; what still runs now is wanted by nobody.
    while (this.#busy.size > 0) {
      this.#interrupt();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.#stopInterrupting();
    for (const appender of this.#appenders) this.#closeAppender(appender);
    this.#main.closeSync();
    this.#instance.closeSync();
  }
}

export interface DuckDBResultChunk {
  readonly chunk: NonNullable<Awaited<ReturnType<DuckDBResult["fetchChunk"]>>>;
  readonly result: DuckDBResult;
}

/** A type as DESCRIBE writes it; JSON is a text with another name. */
export function typeName(result: Pick<DuckDBResult, "columnLogicalType" | "columnType">, index: number): string {
  return result.columnLogicalType(index).alias ?? String(result.columnType(index));
}
