/**
 * Which state of the database was read, for whoever keeps what it has read and later asks only for what has changed since:
 * rows that transactions wrote which the snapshot of then did not see.
 */

/** A state of the database. */
export interface DatabaseMoment {
  /** The snapshot that was read. */
  readonly at: string;
  /** Changes with whatever takes from transactions their order: Postgres was started anew, or a backup restored. */
  readonly life: string;
}

/** `from iroko.instance`: `at`, and `life`. */
export const databaseMoment = `pg_current_snapshot()::text as at,
  concat_ws(' ', id, incarnation, pg_postmaster_start_time(), (select oid from pg_database where datname = current_database())) as life`;
