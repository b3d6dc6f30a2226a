/** The one way to Postgres: typed rows, transactions that retry, errors that say which host and which variable. */
import type { Writable } from "node:stream";
import pg from "pg";
import { IrokoError } from "../errors.ts";

export interface Queryable {
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>;
}

/** A query inside a transaction; anything that needs one says so by its type. */
export interface Tx extends Queryable {
  readonly inTransaction: true;
}

/** Statements of a transaction whose answers nobody needs: they need no round trip of their own, and fail it if they fail. */
export function sent(...answers: readonly (Promise<unknown> | undefined)[]): void {
  for (const answer of answers) answer?.catch(() => {});
}

export interface Database extends Queryable {
  readonly url: string;
  readonly pool: pg.Pool;
  /**
   * Runs `work` in a transaction, again from its start after a deadlock or a serialization failure. Statements run in
   * the order they are sent; whoever needs no answer in between need not await it.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** A connection of one's own: for a session's lock, for LISTEN. The caller ends it. */
  session(applicationName?: string): Promise<pg.Client>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** At most so many connections in the pool. */
  readonly connections?: number;
  readonly applicationName?: string;
  /**
   * How long a transaction may wait for its next statement before Postgres ends its session: one whose process is frozen or
   * cut off would keep its locks from everybody. 60.
   */
  readonly idleInTransactionSeconds?: number;
  /** For a process that reads few rows of large tables, and keeps its plans from when they were small: no scan of a whole one. */
  readonly byIndex?: boolean;
  /** How long one statement may take before Postgres gives it up; as long as it wants. */
  readonly statementTimeoutSeconds?: number | undefined;
}

const transactionTries = 8;
const retryable = new Set(["40P01", "40001"]);

/** Opens a pool; nothing is connected before the first query. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const config: pg.PoolConfig = {
    connectionString: url,
    application_name: options.applicationName ?? "iroko",
    // Compiling a statement costs more than running any of ours.
    options:
      `-c timezone=UTC -c datestyle=ISO -c jit=off -c idle_in_transaction_session_timeout=${options.idleInTransactionSeconds ?? 60}s` +
      // Its statements have the same plan whatever their values: to plan them anew for each would cost more than running them.
      (options.byIndex === true ? " -c plan_cache_mode=force_generic_plan" : "") +
      (options.byIndex === true ? " -c enable_seqscan=off -c enable_bitmapscan=off" : "") +
      (options.statementTimeoutSeconds === undefined
        ? ""
        : ` -c statement_timeout=${options.statementTimeoutSeconds}s`),
    types: { getTypeParser: typeParser },
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    // Statements that do not wait for each other's answers are sent at once: a transaction costs three round trips, not
    // fifteen.
    pipeline: true,
  };
  const pool = new pg.Pool({ ...config, max: options.connections ?? 8 });
  // An idle connection that breaks is replaced by the pool; without a listener its error would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));

  const query: Database["query"] = async (text, values) => {
    try {
      return await pool.query(prepared(text, values));
    } catch (error) {
      throw explainConnection(error, url);
    }
  };

  return {
    url,
    pool,
    query,
    async transaction(work) {
      for (let attempt = 1; ; attempt += 1) {
        const client = await pool.connect().catch((error: unknown) => {
          throw explainConnection(error, url);
        });
        let broken: Error | undefined;
        const failures: unknown[] = [];
        const heard = <Answer>(answer: Promise<Answer>): Promise<Answer> => {
          answer.catch((error: unknown) => failures.push(error));
          return answer;
        };
        try {
          sendTogether(client);
          void heard(client.query("begin"));
          const tx: Tx = {
            inTransaction: true,
            query: (text, values) => {
              sendTogether(client);
              return heard(client.query(prepared(text, values)));
            },
          };
          const result = await work(tx);
          // After a statement that failed and that nobody awaited, this is a rollback, which is no error to Postgres.
          await client.query("commit");
          if (failures.length > 0) throw failures[0];
          return result;
        } catch (thrown) {
          // The first failure tells why; those after it only that the transaction was aborted.
          const error = failures.length > 0 ? failures[0] : thrown;
          await client.query("rollback").catch((lost: Error) => {
            broken = lost;
          });
          if (attempt < transactionTries && error instanceof pg.DatabaseError && retryable.has(error.code ?? ""))
            continue;
          throw explainConnection(error, url);
        } finally {
          client.release(broken);
        }
      }
    },
    async session(applicationName) {
      const client = new pg.Client(
        applicationName === undefined ? config : { ...config, application_name: applicationName },
      );
      // Heard from the first moment: one that breaks while it is handed over would end the process.
      client.on("error", () => {});
      try {
        await client.connect();
      } catch (error) {
        throw explainConnection(error, url);
      }
      return client;
    },
    close: () => pool.end(),
  };
}

/** What is sent in one tick goes out in one write, instead of one a statement: writing is most of what a query costs us. */
function sendTogether(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Writable } }).connection;
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** Plain connections for graphile-worker, ended by whoever opened them; one that breaks does not end the process. */
export function openQueuePool(url: string, connections: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: connections, keepAlive: true });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

const statementNames = new Map<string, string>();

/**
 * A statement with values is prepared once per connection: planning ours costs more than running them. Texts are
 * constants, so their number is bounded; a name tells one from another.
 */
function prepared(text: string, values: readonly unknown[] | undefined): pg.QueryConfig {
  if (values === undefined) return { text };
  let name = statementNames.get(text);
  if (name === undefined) statementNames.set(text, (name = `iroko_${statementNames.size}`));
  return { name, text, values: [...values] };
}

/** int8 as a number (ids, rows and bytes stay below 2^53), timestamptz as an instant; the rest as pg has it. */
function typeParser(oid: number, format?: "text" | "binary"): (text: string) => unknown {
  if (oid === 20) return parseBigint;
  if (oid === 1184) return parseInstant;
  if (oid === 1016) return (text) => text.slice(1, -1).split(",").filter(Boolean).map(parseBigint);
  return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
}

function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 out of range: ${text}`);
  return value;
}

function parseInstant(text: string): Temporal.Instant {
  return Temporal.Instant.from(text.replace(" ", "T").replace(/\+00$/, "Z"));
}

const connectionCodes = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ETIMEDOUT",
  "ECONNRESET",
  "EPIPE",
  "EAI_AGAIN",
  "ENOENT",
  // Postgres is being stopped, has crashed, or is starting.
  "57P01",
  "57P02",
  "57P03",
  // All of its connections are taken.
  "53300",
  // It has taken this process for frozen in the middle of a transaction.
  "25P03",
]);
/** What pg says, without a code, of a connection that broke under a query, or that could not be had in time. */
const connectionMessages =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error)/;
/** A page or an index whose checksum or structure is wrong. */
const damageCodes = new Set(["XX001", "XX002"]);
const credentialCodes = new Set(["28P01", "28000", "3D000"]);

function explainConnection(error: unknown, url: string): unknown {
  if (!(error instanceof Error)) return error;
  const code = (error as { code?: string }).code ?? "";
  const place = describeUrl(url);
  if (connectionCodes.has(code) || connectionMessages.test(error.message)) {
    return new IrokoError("DATABASE_UNREACHABLE", `Postgres cannot be reached at ${place}: ${error.message || code}.`, {
      hint: "Is it running, and does DATABASE_URL name the right host and port? Unset DATABASE_URL to use the embedded Postgres.",
      cause: error,
    });
  }
  if (code === "53100") {
    return new IrokoError("DATABASE_FULL", `Postgres at ${place} has no room left on its disk: ${error.message}.`, {
      hint: "Make room there. What runs waits for it, and goes on by itself.",
      cause: error,
    });
  }
  if (code === "57014" && error.message.includes("statement timeout")) {
    return new IrokoError("QUERY_TIMEOUT", "Postgres took longer over a statement than it may here.", {
      hint: "Ask for less at once, or try again: it may be busy, or wait for a lock.",
      cause: error,
    });
  }
  if (credentialCodes.has(code)) {
    return new IrokoError("DATABASE_DENIED", `Postgres at ${place} refused the connection: ${error.message}.`, {
      hint: "Check user, password and database name in DATABASE_URL.",
      cause: error,
    });
  }
  if (damageCodes.has(code)) {
    return new IrokoError("DATABASE_DAMAGED", `Postgres at ${place} has found damaged data: ${error.message}.`, {
      hint: "Stop everything that writes to it, copy its data folder, then restore a backup. Nothing was repaired by guessing.",
      cause: error,
    });
  }
  return error;
}

/** Host, port and database of a URL, never its password. */
function describeUrl(url: string): string {
  try {
    const { hostname, port, pathname, searchParams } = new URL(url);
    return `${searchParams.get("host") ?? (hostname || "localhost")}:${port || "5432"}${pathname}`;
  } catch {
    return "the address in DATABASE_URL";
  }
}
