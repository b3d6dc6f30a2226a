import { jsonText } from "./columns.ts";
import type { Queryable, Tx } from "./database.ts";

export interface CheckResultRow {
  readonly asset: string;
  readonly name: string;
  readonly partition: string;
  readonly passed: boolean;
  readonly severity: "error" | "warn";
  readonly blocking: boolean;
  readonly message: string | null;
  readonly violations: number | null;
  readonly sample: unknown;
  readonly metadata: unknown;
}

/** Keeps the latest result of each check on each partition. */
export async function recordCheckResults(
  tx: Tx,
  results: readonly (CheckResultRow & { readonly run: string; readonly step: number })[],
): Promise<void> {
  if (results.length === 0) return;
  await tx.query(
    `insert into iroko.check_result (asset, name, partition, passed, severity, blocking, message, violations, sample, metadata, run, step)
     select distinct on (asset, name, partition) asset, name, partition, passed, severity, blocking, message, violations, sample, metadata, run, step
       from json_to_recordset($1) as result (asset text, name text, partition text, passed boolean, severity text, blocking boolean,
            message text, violations bigint, sample jsonb, metadata jsonb, run uuid, step bigint)
      order by asset, name, partition, step desc
     on conflict (asset, name, partition) do update
        set passed = excluded.passed, severity = excluded.severity, blocking = excluded.blocking, message = excluded.message,
            violations = excluded.violations, sample = excluded.sample, metadata = excluded.metadata, run = excluded.run,
            step = excluded.step, at = clock_timestamp()`,
    [jsonText(results)],
  );
}

/** Latest results on an asset, failed ones first; all its partitions or one. */
export async function listCheckResults(
  db: Queryable,
  asset: string,
  partition?: string,
  page: {
    readonly limit: number;
    readonly after?: Pick<CheckResultRow, "passed" | "partition" | "name">;
  } = { limit: 1000 },
): Promise<readonly (CheckResultRow & { readonly at: Temporal.Instant; readonly run: string })[]> {
  const { after } = page;
  const { rows } = await db.query<CheckResultRow & { at: Temporal.Instant; run: string }>(
    `select asset, name, partition, passed, severity, blocking, message, violations, sample, metadata, at, run from iroko.check_result
      where asset = $1 and ($2::text is null or partition = $2)
        and ($4::boolean is null or passed > $4 or (passed = $4 and (partition < $5 or (partition = $5 and name > $6))))
      order by passed, partition desc, name limit $3`,
    [asset, partition ?? null, page.limit, after?.passed ?? null, after?.partition ?? null, after?.name ?? null],
  );
  return rows;
}

export type FailedCheckRow = Omit<CheckResultRow, "metadata">;

/** What did not pass in a run, on outputs that it made and in steps of their own; of a thousand steps at most. */
export async function failedChecksOf(db: Queryable, run: string): Promise<readonly FailedCheckRow[]> {
  const { rows } = await db.query<{ failed: readonly FailedCheckRow[] }>(
    `select payload -> 'failed' as failed from iroko.event where run = $1 and type = 'check' order by id limit 1000`,
    [run],
  );
  return rows.flatMap(({ failed }) => failed);
}

/** The same a page at a time, in the order in which they were found. */
export async function listFailedChecks(
  db: Queryable,
  run: string,
  page: { readonly limit: number; readonly after?: readonly [event: number, place: number] },
): Promise<readonly (FailedCheckRow & { readonly event: number; readonly place: number })[]> {
  const { rows } = await db.query<{ check: FailedCheckRow; event: number; place: number }>(
    `select failed.value as check, e.id as event, failed.place
       from iroko.event e cross join jsonb_array_elements(e.payload -> 'failed') with ordinality as failed (value, place)
      where e.run = $1 and e.type = 'check' and e.id >= $2 and (e.id, failed.place) > ($2, $3)
      order by e.id, failed.place limit $4`,
    [run, ...(page.after ?? [0, 0]), page.limit],
  );
  return rows.map(({ check, event, place }) => ({ ...check, event, place }));
}
