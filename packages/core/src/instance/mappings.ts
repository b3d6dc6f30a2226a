/** What users' mapping functions have answered and are still to be asked. */
import type { ErrorRecord } from "../errors.ts";
import type { MappingImage, MappingRelation } from "../partitions/mapping-relation.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { jsonText, setColumns, setOfColumns, type SetColumns } from "./columns.ts";
import type { Queryable, Tx } from "./database.ts";

/** A batch of answers. A row never changes: its id stands for it. */
export interface StoredAnswer extends MappingRelation {
  readonly id: string;
  readonly mapping: string;
}

/** Which answers there are of some mappings. Looking keeps them from being forgotten. */
export async function mappingAnswerIds(db: Queryable, mappings: readonly string[]): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string; isOld: boolean }>(
    `select id, used_at < now() - interval '1 day' as "isOld" from iroko.mapping_answer where mapping = any($1) order by id`,
    [mappings],
  );
  const old = rows.flatMap(({ id, isOld }) => (isOld ? [id] : []));
  if (old.length > 0) {
    await db.query(
      `update iroko.mapping_answer set used_at = now()
        where id in (select id from iroko.mapping_answer where id = any($1::uuid[]) for update skip locked)`,
      [old],
    );
  }
  return rows.map(({ id }) => id);
}

export async function mappingAnswersById(db: Queryable, ids: readonly string[]): Promise<readonly StoredAnswer[]> {
  const { rows } = await db.query<AnswerRow>(`${answerColumns} where id = any($1::uuid[])`, [ids]);
  return rows.map(answerOf);
}

/** Answers that have anything to do with a set; those about several dimensions all. */
export async function mappingAnswersAbout(
  db: Queryable,
  mapping: string,
  set: PartitionSet,
): Promise<readonly StoredAnswer[]> {
  const { windows, keys } = setColumns(set);
  const { rows } = await db.query<AnswerRow>(
    `${answerColumns}
      where mapping = $1 and (boxes is not null or windows && $2::tstzmultirange or keys && $3::text[])`,
    [mapping, windows, keys],
  );
  return rows.map(answerOf);
}

type AnswerRow = SetColumns & {
  readonly id: string;
  readonly mapping: string;
  readonly images: readonly MappingImage[];
};

const answerColumns = "select id, mapping, windows::text as windows, keys, boxes, images from iroko.mapping_answer";

function answerOf({ id, mapping, images, ...set }: AnswerRow): StoredAnswer {
  return { id, mapping, asked: setOfColumns(set), images };
}

/** Only one transaction at a time adds to the answers of a mapping: they never overlap. */
export async function lockMapping(tx: Tx, mapping: string): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtext('iroko.mapping'), hashtext($1))", [mapping]);
}

export async function insertMappingAnswer(tx: Tx, mapping: string, { asked, images }: MappingRelation): Promise<void> {
  const { windows, keys, boxes } = setColumns(asked);
  await tx.query(
    `insert into iroko.mapping_answer (mapping, windows, keys, boxes, images)
     values ($1, $2::tstzmultirange, $3, $4::jsonb, $5::jsonb)`,
    [mapping, windows, keys, boxes === null ? null : jsonText(boxes), jsonText(images)],
  );
}

/** Forgets what nobody has used for so long, and the least lately used of what is too much. */
export async function forgetMappingAnswers(
  tx: Tx,
  { days, rows }: { readonly days: number; readonly rows: number },
): Promise<void> {
  await tx.query(
    `delete from iroko.mapping_answer
      where id in (select id from iroko.mapping_answer
                    where used_at < now() - make_interval(days => $1)
                       or id in (select id from iroko.mapping_answer order by used_at desc, id desc offset $2)
                      for update skip locked)`,
    [days, rows],
  );
}

/** Leaves a question for a worker. One that could not be answered is asked anew, unless that was just now. Returns its id. */
export async function askMapping(
  db: Queryable,
  location: string,
  mapping: string,
  set: PartitionSet,
  setHash: string,
): Promise<number> {
  const { windows, keys, boxes } = setColumns(set);
  const { rows } = await db.query<{ id: number }>(
    `insert into iroko.mapping_question as q (location, mapping, windows, keys, boxes, set_hash)
     values ($1, $2, $3::tstzmultirange, $4, $5::jsonb, $6)
     on conflict (location, mapping, set_hash) do update
       set error    = case when q.asked_at < now() - interval '10 s' then null else q.error end,
           asked_at = case when q.error is null or q.asked_at < now() - interval '10 s' then now() else q.asked_at end
     returning id`,
    [location, mapping, windows, keys, boxes === null ? null : jsonText(boxes), setHash],
  );
  return rows[0]!.id;
}

/** undefined: it has been answered. */
export async function mappingQuestion(
  db: Queryable,
  id: number,
): Promise<{ readonly error: ErrorRecord | null } | undefined> {
  const { rows } = await db.query<{ error: ErrorRecord | null }>(
    "select error from iroko.mapping_question where id = $1",
    [id],
  );
  return rows[0];
}

/** The questions that a worker with these mappings can answer, oldest first. */
export async function openMappingQuestions(
  db: Queryable,
  location: string,
  mappings: readonly string[],
): Promise<readonly { readonly id: number; readonly mapping: string; readonly set: PartitionSet }[]> {
  const { rows } = await db.query<SetColumns & { id: number; mapping: string }>(
    `select id, mapping, windows::text as windows, keys, boxes from iroko.mapping_question
      where location = $1 and mapping = any($2) and error is null order by asked_at, id`,
    [location, mappings],
  );
  return rows.map((row) => ({ id: row.id, mapping: row.mapping, set: setOfColumns(row) }));
}

/** Answered: gone; not to be answered: why. Questions that nobody has asked for a day go with it. */
export async function endMappingQuestion(db: Queryable, id: number, error?: ErrorRecord): Promise<void> {
  if (error) {
    await db.query("update iroko.mapping_question set error = $2::jsonb where id = $1", [id, jsonText(error)]);
  } else {
    await db.query("delete from iroko.mapping_question where id = $1 or asked_at < now() - interval '1 day'", [id]);
  }
}
