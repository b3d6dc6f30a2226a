/**
 * How many statements a request costs: told in its answer, and held to a table by a test. A page that asks once more for
 * each asset or step is slow where the database is far, and nobody sees it beside it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { performance } from "node:perf_hooks";
import type { Database, Queryable } from "@iroko/core/engine";
import type { Context, Next } from "hono";

interface Count {
  statements: number;
  milliseconds: number;
}

const requests = new AsyncLocalStorage<Count>();

/** The same database; what a request asks of it is counted. */
export function countedDatabase(db: Database): Database {
  return {
    ...db,
    query: counted(db),
    transaction: (work) => db.transaction((tx) => work({ ...tx, query: counted(tx) })),
  };
}

function counted(db: Queryable): Queryable["query"] {
  return async (text, values) => {
    const count = requests.getStore();
    if (count === undefined) return db.query(text, values);
    count.statements += 1;
    const began = performance.now();
    try {
      return await db.query(text, values);
    } finally {
      count.milliseconds += performance.now() - began;
    }
  };
}

/** Tells in `Server-Timing` how many statements a request took, and how long it waited for them, all together. */
export async function countQueries(c: Context, next: Next): Promise<void> {
  const count: Count = { statements: 0, milliseconds: 0 };
  await requests.run(count, next);
  c.header("server-timing", `db;dur=${count.milliseconds.toFixed(1)};desc="${count.statements} statements"`);
}
