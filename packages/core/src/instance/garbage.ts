/** What of a store is named by nothing: every way in which a row can name an object stands in this file. */
import type { Queryable } from "./database.ts";

/** A staged object, and the step that its name says has put it there. */
export interface StagedObject {
  readonly key: string;
  readonly run: string;
  readonly n: number;
}

/** Steps that still have something to do; a terminal step never reopens. */
const unfinished = `('blocked', 'ready', 'running')`;

/**
 * Those of these objects that no pointer, kept version, pinned input, unfinished step or purge names. `known`: their step is
 * in the tables; others were staged after the backup that the database was restored from, or by something else.
 */
export async function unnamedObjects(
  db: Queryable,
  objects: readonly StagedObject[],
): Promise<readonly { readonly key: string; readonly known: boolean }[]> {
  if (objects.length === 0) return [];
  const { rows } = await db.query<{ key: string; known: boolean }>(
    `with object as materialized (select * from json_to_recordset($1) as object (key text, run uuid, n integer)),
     at_work as materialized (
       select s.id, s.inputs from iroko.run r join iroko.step s on s.run = r.id
        where r.status in ('queued', 'running') and s.status in ${unfinished}),
     named (key) as materialized (
       select p.object_key from object join iroko.asset_partition p on p.object_key = object.key
        union all
       select v.object_key from object join iroko.asset_version v on v.object_key = object.key
        union all
       select input ->> 'objectKey' from at_work cross join lateral jsonb_array_elements(inputs -> 'objects') input
        union all
       select o.object_key from at_work join iroko.step_output o on o.step = at_work.id
        union all
       select u.object_key from at_work join iroko.upload u on u.step = at_work.id)
     select object.key, s.id is not null as known
       from object left join iroko.step s on (s.run, s.n) = (object.run, object.n)
      where (s.id is null or s.status not in ${unfinished})
        and not exists (select from named where named.key = object.key)`,
    [JSON.stringify(objects)],
  );
  return rows;
}

/** Multipart uploads that were recorded for steps which have ended. */
export async function abandonedUploads(
  db: Queryable,
): Promise<readonly { readonly key: string; readonly uploadId: string }[]> {
  const { rows } = await db.query<{ key: string; uploadId: string }>(
    `select u.object_key as key, u.upload_id as "uploadId" from iroko.upload u left join iroko.step s on s.id = u.step
      where s.id is null or s.status not in ${unfinished}`,
  );
  return rows;
}

export async function forgetUploads(db: Queryable, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await db.query("delete from iroko.upload where object_key = any ($1)", [keys]);
}

/** Those of these keys whose upload an unfinished step will go on with. */
export async function uploadsUnderWay(db: Queryable, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ key: string }>(
    `select u.object_key as key from iroko.upload u join iroko.step s on s.id = u.step
      where u.object_key = any ($1) and s.status in ${unfinished}`,
    [keys],
  );
  return new Set(rows.map(({ key }) => key));
}

/** What is due every so often, of all workers together. */
export type Duty = "retention" | "vacuum" | "patrol" | "events";

/** Whether a duty that is due every so often is the caller's to do now. */
export async function beginDuty(db: Queryable, name: Duty, everySeconds: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `update iroko.duty set begun_at = clock_timestamp() where name = $1 and begun_at <= clock_timestamp() - make_interval(secs => $2)`,
    [name, everySeconds],
  );
  return rowCount === 1;
}

/** Where a duty that goes round has got to; undefined: at its beginning. */
export async function dutyPlace<Place>(db: Queryable, name: Duty): Promise<Place | undefined> {
  const { rows } = await db.query<{ place: Place | null }>("select place from iroko.duty where name = $1", [name]);
  return rows[0]?.place ?? undefined;
}

export async function setDutyPlace(db: Queryable, name: Duty, place: unknown): Promise<void> {
  await db.query("update iroko.duty set place = $2 where name = $1", [
    name,
    place === undefined ? null : JSON.stringify(place),
  ]);
}
