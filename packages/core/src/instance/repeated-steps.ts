/** Steps of one run copied into another that repeats them. */
import { jsonText, type SetColumns } from "./columns.ts";
import type { Queryable, Tx } from "./database.ts";
import type { StepKind } from "./steps.ts";

/** What the code is now of all steps of one name, and which of their partitions are repeated. */
export interface RepeatedSteps {
  readonly kind: StepKind;
  readonly name: string;
  readonly hash: string;
  /** Only these partitions; null: all that the run has. Those of several dimensions are told step by step. */
  readonly windows: string | null;
  readonly keys: readonly string[] | null;
}

export interface Repetition {
  readonly of: readonly RepeatedSteps[];
  /** Only steps of some of these; null: of any. */
  readonly assets: readonly string[] | null;
  /** Steps over several dimensions of which something else is repeated than the whole; empty: nothing is. */
  readonly boxes: readonly Pick<BoxedStep, "n" | "boxes">[];
  /** Also what has succeeded. */
  readonly fromStart: boolean;
  /** In which all steps of the new run are. */
  readonly pools: readonly string[];
}

/**
 * Copies into a new run what did not succeed in an old one, or all of it from the start, with the arrows between and the numbers. A retry keeps the
 * partitions that are left, and the pinned inputs with the place in the order of writes that they give; a step that waits
 * for others of the retry reads what these make. What the code of now defines otherwise is run by the code of now, and
 * pins its inputs anew; what the code of now has no more is left out. Gates that nothing is left to wait for, or that nothing waits for, stay behind. Returns how many steps there are.
 */
export async function copySteps(
  tx: Tx,
  from: string,
  to: string,
  { of, assets, boxes, fromStart, pools }: Repetition,
): Promise<number> {
  const { rowCount } = await tx.query(
    `with code as (select * from json_to_recordset($3) as code (kind text, name text, hash text, windows tstzmultirange, keys text[])),
     boxed as (select * from json_to_recordset($5) as boxed (n integer, boxes jsonb)),
     unfinished as (
       select s.*, coalesce(code.hash, s.definition_hash) as hash, code.windows as windows_asked, code.keys as keys_asked,
              coalesce(boxed.boxes, s.boxes) as boxes_left
         from iroko.step s left join code using (kind, name) left join boxed using (n)
        where s.run = $1 and ($4 or s.status in ('failed', 'skipped', 'canceled'))
          and (s.kind = 'gate' or code.hash is not null and coalesce(s.assets && $6, true) and coalesce(s.windows && code.windows, true) and coalesce(s.keys && code.keys, true)
                                  and boxed.boxes is distinct from '[]')),
     again as (
       select * from unfinished u where u.kind <> 'gate' or (
         exists (select from iroko.step_edge e join unfinished up on up.n = e.upstream where e.run = $1 and e.downstream = u.n)
         and exists (select from iroko.step_edge e join unfinished down on down.n = e.downstream where e.run = $1 and e.upstream = u.n))),
     arrow as (
       select e.* from iroko.step_edge e join again u on u.n = e.upstream join again d on d.n = e.downstream where e.run = $1),
     arrows as (insert into iroko.step_edge (run, upstream, downstream, weak) select $2, upstream, downstream, weak from arrow),
     -- partitions of which a failed step has committed all that it makes
     made as (
       select o.step, o.partition, max(p.time_window::text)::tstzrange as time_window
         from again join iroko.step_output o on o.step = again.id and o.version is not null and not $4
         join iroko.asset_partition p using (asset, partition)
        group by o.step, o.partition, again.assets having count(*) = cardinality(again.assets)),
     asked as (
       select again.*, case when windows_asked is null then windows else windows * windows_asked end as windows_all,
              case when keys_asked is null then keys else array(select key from unnest(keys) as key where key = any (keys_asked)) end as keys_all,
              not exists (select from arrow where arrow.downstream = again.n) as waits_for_none
         from again),
     left_over as (
       select asked.*, (select count(*)::integer from arrow where arrow.downstream = asked.n) as waits,
              windows_all - coalesce((select range_agg(time_window) from made where made.step = asked.id), '{}') as windows_left,
              array(select key from unnest(keys_all) as key where key not in (select partition from made where made.step = asked.id)) as keys_left,
              -- what it could not read it does not read again
              waits_for_none and hash = definition_hash and coalesce(error ->> 'code', '') not in ('SCHEMA_OLD', 'INPUT_GONE') as keeps_inputs
         from asked)
     insert into iroko.step (run, n, kind, name, assets, location, definition_hash, windows, keys, boxes, pools, priority, reason,
                             only_if_changed, inputs, write_seq, waiting_on, status, ready_at)
     select $2, n, kind, name, assets, location, hash,
            case when isempty(windows_left) then windows_all else windows_left end,
            case when keys is null or keys_left = '{}' then keys_all else keys_left end,
            boxes_left, case when kind = 'gate' then pools else array_remove(pools, 'run ' || $1) || $7::text[] end, priority, reason, only_if_changed,
            case when keeps_inputs then inputs end, case when keeps_inputs and inputs is not null then write_seq end,
            waits, case when waits = 0 then 'ready' else 'blocked' end, case when waits = 0 then clock_timestamp() end
       from left_over order by n`,
    [from, to, jsonText(of), fromStart, jsonText(boxes), assets, pools],
  );
  return rowCount ?? 0;
}

export interface NamedSteps {
  readonly kind: StepKind;
  readonly name: string;
  readonly assets: readonly string[];
}

/** What the steps of a run are about, each once; gates left out. */
export async function namesOfSteps(db: Queryable, run: string): Promise<readonly NamedSteps[]> {
  const { rows } = await db.query<NamedSteps>(
    "select distinct kind, name, assets from iroko.step where run = $1 and kind <> 'gate'",
    [run],
  );
  return rows;
}

export interface BoxedStep {
  readonly n: number;
  readonly kind: StepKind;
  readonly name: string;
  readonly boxes: NonNullable<SetColumns["boxes"]>;
  /** Its partitions of which it has committed all that it makes, unless it has succeeded. */
  readonly made: readonly string[];
}

/** Steps over several dimensions, and what they have made of them. */
export async function boxedSteps(tx: Tx, run: string): Promise<readonly BoxedStep[]> {
  const { rows } = await tx.query<BoxedStep>(
    `select s.n, s.kind, s.name, s.boxes, array(
              select o.partition from iroko.step_output o
               where o.step = s.id and o.version is not null and s.status in ('failed', 'canceled')
               group by o.partition having count(*) = cardinality(s.assets)) as made
       from iroko.step s where s.run = $1 and s.boxes is not null order by s.n`,
    [run],
  );
  return rows;
}
