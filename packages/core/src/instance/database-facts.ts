import type { Queryable } from "./database.ts";

export interface DatabaseFacts {
  /** Of Postgres. */
  readonly version: string;
  readonly startedAt: Temporal.Instant;
  readonly sizeBytes: number;
  /** Of any program to any database of this Postgres, and how many it takes. */
  readonly connections: number;
  readonly mostConnections: number;
  /** Since when the oldest transaction here is open: what it can still see cannot be cleaned up. */
  readonly oldestTransactionAt: Temporal.Instant | null;
}

/** How Postgres stands, as far as any of its users may see. */
export async function databaseFacts(db: Queryable): Promise<DatabaseFacts> {
  const { rows } = await db.query<DatabaseFacts>(
    `select current_setting('server_version') as version, pg_postmaster_start_time() as "startedAt",
            pg_database_size(current_database()) as "sizeBytes", count(*)::integer as connections,
            current_setting('max_connections')::integer as "mostConnections",
            min(xact_start) filter (where datname = current_database() and pid <> pg_backend_pid()) as "oldestTransactionAt"
       from pg_stat_activity where backend_type = 'client backend'`,
  );
  return rows[0]!;
}
