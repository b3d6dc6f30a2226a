import {
  byPartition,
  IrokoError,
  meta,
  resource,
  type ByPartition,
  type Metadata,
  type MetadataInput,
  type Partition,
  type Relation,
  type Resource,
  type StepScope,
  type WithEnv,
} from "@iroko/core";
import { z } from "zod";
import { DuckRelation, relationOf } from "../duckdb/relation.ts";
import type { SqlValue } from "../duckdb/sql-value.ts";
import { duckdbOf } from "../duckdb/step-database.ts";
import { loadDeliveries } from "./load-deliveries.ts";
import { quarantineReasons } from "./judge-deliveries.ts";

/** Where the buffer is, and which days it is read into. */
export interface PosBufferOptions {
  /** The edge's SQLite file. */
  readonly path: string;
  /** The first day, like "2026-11-01": what happened before it is quarantined. */
  readonly start: string;
  /** Whose days: IANA, like "Africa/Lagos"; "UTC" by default. */
  readonly timezone?: string | undefined;
}

/** The options, none left out. */
interface PosBufferConfig extends PosBufferOptions {
  readonly timezone: string;
}

const config = z.object({ path: z.string().min(1), start: z.iso.date(), timezone: z.string().default("UTC") });

/**
 * An edge's buffer of POS deliveries: a SQLite file in which the edge keeps what it takes in and marks what its forwarder
 * has sent. Read in one transaction of its own, never written to.
 *
 * @example
 * const buffer = posBuffer({ path: env("POS_BUFFER", { default: "data/buffer.db" }), start: "2026-11-01", timezone: "Africa/Lagos" });
 */
export const posBuffer: (options: WithEnv<PosBufferOptions>) => Resource<PosBuffer> = resource({
  key: "pos_buffer",
  config,
  open: (options, scope) => new PosBuffer(options, scope),
});

/** What was made of a day before: the versions that are current until now. */
export interface CurrentDeliveries {
  readonly raw?: Relation<unknown> | undefined;
  readonly quarantine?: Relation<unknown> | undefined;
}

export interface ReadOptions {
  /** The dependency's name under which the asset has the observed buffer: then it is fresh by what it has read itself. */
  readonly source?: string | undefined;
  /** Lets a version hold fewer rows than the one before it. */
  readonly allowShrink?: boolean | undefined;
}

export interface ReadDeliveries<P extends Partition> {
  /** Accepted deliveries by the day of their event. */
  readonly raw: ByPartition<DeliveriesOfDay, P>;
  /** The others with the reason, by the day in which they were taken in. */
  readonly quarantine: ByPartition<DeliveriesOfDay, P>;
}

/** How many deliveries are known of a day, and which. */
export interface ObservedDay<P extends Partition> {
  readonly partition: P;
  readonly dataVersion: string;
  readonly metadata: MetadataInput;
}

export interface DeliveriesOfDay {
  readonly data: Relation<never>;
  readonly metadata: Metadata;
  readonly sourceVersions: Readonly<Record<string, string>>;
}

/** A part of the deliveries: its columns, which rows of the buffer are in it, and what says in which day a row lies. */
interface Part {
  readonly name: "raw" | "quarantine";
  readonly columns: string;
  readonly rows: string;
  readonly filedAt: string;
  /** The days that its rows name. */
  readonly dated: string;
}

const raw: Part = {
  name: "raw",
  columns:
    "id, created_at, transaction_id, merchant_id, terminal_id, customer_id, amount_ngn, event_time, phone_number, channel, extra",
  rows: "sent and reason is null",
  filedAt: "event_time",
  dated: "event_time",
};

const quarantine: Part = {
  name: "quarantine",
  columns: "id, created_at, payload, reason",
  rows: "sent and reason is not null",
  filedAt: "greatest(created_at, $start)",
  dated: "created_at",
};

/** A buffer as a step sees it. */
export class PosBuffer {
  readonly #path: string;
  readonly #timezone: string;
  readonly #start: Temporal.Instant;
  readonly #scope: StepScope;

  constructor({ path, start, timezone }: PosBufferConfig, scope: StepScope) {
    this.#path = path;
    this.#timezone = timezone;
    this.#start = Temporal.PlainDate.from(start).toZonedDateTime(timezone).toInstant();
    this.#scope = scope;
  }

  /**
   * Everything that was sent and belongs to these days, in one scan, with what the days held before: a delivery that the
   * forwarder has cleaned away stays. Deliveries are judged by DuckDB; memory stays bounded, whatever the file's size.
   *
   * @param previous `ctx.previous` of an asset with the outputs `raw` and `quarantine` and `readsPrevious: true`
   * @throws {IrokoError} BUFFER_NOT_FOUND, BUFFER_INVALID; WOULD_SHRINK when a day's turn comes
   */
  async read<P extends Partition>(
    partitions: readonly P[],
    previous: (partition: P) => CurrentDeliveries = () => ({}),
    { source, allowShrink = false }: ReadOptions = {},
  ): Promise<ReadDeliveries<P>> {
    const deliveries = await this.#load(partitions);
    const day = (part: Part) => async (partition: P) => {
      const turn = { deliveries, partition, before: previous(partition), allowShrink };
      const { dataVersion } = await this.#seen(turn);
      const made = await this.#day(part, turn);
      return { ...made, sourceVersions: source === undefined ? {} : { [source]: dataVersion } };
    };
    return { raw: byPartition(day(raw)), quarantine: byPartition(day(quarantine)) };
  }

  /**
   * For each day that the buffer holds sent deliveries of: how many are known of it, now or from before, and a digest of
   * their ids in no order. What the forwarder cleans away changes neither; a delivery that comes late changes both.
   */
  async observe<P extends Partition>(
    partitions: readonly P[],
    current: (partition: P) => CurrentDeliveries = () => ({}),
  ): Promise<ObservedDay<P>[]> {
    const deliveries = await this.#load(partitions);
    const days: ObservedDay<P>[] = [];
    for (const partition of partitions) {
      const { dataVersion, known, inBuffer } = await this.#seen({ deliveries, partition, before: current(partition) });
      if (inBuffer === 0) continue;
      days.push({ partition, dataVersion, metadata: { deliveries: known, in_buffer: inBuffer } });
    }
    return days;
  }

  async #load(partitions: readonly Partition[]): Promise<string> {
    const windows = partitions.map((partition) => windowOf(partition));
    const starts = windows.map(({ window_start }) => window_start).toSorted(Temporal.Instant.compare);
    const ends = windows.map(({ window_end }) => window_end).toSorted(Temporal.Instant.compare);
    const [from, to] = [starts[0], ends.at(-1)];
    if (from === undefined || to === undefined) throw new RangeError("no partitions to read the buffer for");
    return await loadDeliveries(this.#scope, { path: this.#path, start: this.#start, from, to });
  }

  /** What is known of a day, from before or from the buffer: as an observation says it. */
  async #seen({ deliveries, partition, before }: Omit<Turn<Partition>, "allowShrink">): Promise<Seen> {
    const held = this.#query(
      "posBuffer",
      `select id from ${deliveries} where sent and filed_at >= $window_start and filed_at < $window_end`,
      windowOf(partition),
      {},
    );
    const relations = relationsOf({ raw: before.raw, quarantine: before.quarantine });
    // Ids are unique within the buffer: only what is known from before may be in it again.
    const all = Object.keys(relations).map((name) => `union select id from ${name}`);
    const [seen = {}] = await this.#rows(
      `select count(*) as known, (select count(*) from held) as in_buffer,
         coalesce(sum(hash(id)), 0)::varchar as total, coalesce(bit_xor(hash(id)), 0)::varchar as folded
       from (select id from held ${all.join(" ")})`,
      {},
      { ...relations, held },
    );
    const hex = (digits: unknown) =>
      BigInt.asUintN(64, BigInt(String(digits)))
        .toString(16)
        .padStart(16, "0");
    const known = Number(seen["known"]);
    const dataVersion = [algorithm, known, hex(seen["total"]), hex(seen["folded"])].join("-");
    return { dataVersion, known, inBuffer: Number(seen["in_buffer"]) };
  }

  async #day<P extends Partition>(
    part: Part,
    { deliveries, partition, before, allowShrink }: Turn<P>,
  ): Promise<Omit<DeliveriesOfDay, "sourceVersions">> {
    const database = await duckdbOf(this.#scope);
    const window = windowOf(partition);
    const rows = this.#union(part, deliveries, partition, before);
    const [counted = {}] = await database.all(
      `select count(*) filter (where ${part.rows}) as input, count(*) filter (where not sent) as pending
         from ${deliveries} where filed_at >= $window_start and filed_at < $window_end`,
      window,
    );
    const [whole = {}] = await this.#rows(
      `select count(*) as n, min(${part.dated}) as first, max(${part.dated}) as last,
         strftime(timezone('${this.#timezone}', min(${part.dated})), '%Y-%m-%d') as first_day,
         strftime(timezone('${this.#timezone}', max(${part.dated})), '%Y-%m-%d') as last_day from rows`,
      {},
      { rows },
    );
    const rowCount = Number(whole["n"]);
    if (!allowShrink) {
      const relations = relationsOf({ previous: before[part.name] });
      const [known] =
        "previous" in relations ? await this.#rows("select count(*) as n from previous", {}, relations) : [];
      const rowsBefore = Number(known?.["n"] ?? 0);
      if (rowCount < rowsBefore) throw wouldShrink(part, partition, rowCount, rowsBefore);
    }

    const reasons = part === quarantine ? rows : this.#union(quarantine, deliveries, partition, before);
    const byReason = new Map(
      (await this.#rows("select reason, count(*) as n from rows group by reason", {}, { rows: reasons })).map((row) => [
        String(row["reason"]),
        Number(row["n"]),
      ]),
    );
    return {
      data: rows,
      metadata: {
        row_count: meta.int(rowCount),
        input_rows: meta.int(Number(counted["input"])),
        output_rows: meta.int(rowCount),
        duplicates_removed: meta.int(0),
        conflicting_duplicates: meta.int(0),
        cross_day_duplicates: meta.int(0),
        rejected: meta.json({}),
        quarantined: meta.json(
          Object.fromEntries(quarantineReasons.map((reason) => [reason, byReason.get(reason) ?? 0])),
        ),
        pending_in_buffer: meta.int(Number(counted["pending"])),
        total_revenue_ngn: meta.json(null),
        states_covered: meta.json(null),
        date_range:
          rowCount === 0 ? meta.json(null) : meta.text(`${String(whole["first_day"])}/${String(whole["last_day"])}`),
      },
    };
  }

  /** The version before, as far as it lies in the day, and what the buffer holds beyond it. */
  #union(part: Part, deliveries: string, partition: Partition, before: CurrentDeliveries): DuckRelation<never> {
    const { columns, name, filedAt } = part;
    const inBuffer = `select ${columns} from ${deliveries} where ${part.rows} and filed_at >= $window_start and filed_at < $window_end`;
    const relations = relationsOf({ previous: before[name] });
    const text =
      "previous" in relations
        ? `select ${columns} from previous where ${filedAt} >= $window_start and ${filedAt} < $window_end
           union all select ${columns} from (${inBuffer}) anti join previous using (id)`
        : inBuffer;
    return this.#query(`posBuffer, ${name}`, text, { ...windowOf(partition), start: this.#start }, relations);
  }

  #query(
    subject: string,
    text: string,
    params: Readonly<Record<string, SqlValue>>,
    relations: Readonly<Record<string, DuckRelation<never>>>,
  ): DuckRelation<never> {
    return relationOf<never>(this.#scope, { query: { source: { subject, text }, params, relations } });
  }

  /** A small result over relations. */
  async #rows(
    text: string,
    params: Readonly<Record<string, SqlValue>>,
    relations: Readonly<Record<string, DuckRelation<never>>>,
  ): Promise<Record<string, unknown>[]> {
    const { text: rendered, params: all } = this.#query("posBuffer", text, params, relations).rendered;
    return await (await duckdbOf(this.#scope)).all(rendered, all);
  }
}

/** Names the digest in each data version: raise it when a new DuckDB hashes otherwise. */
const algorithm = "b1";

interface Seen {
  readonly dataVersion: string;
  readonly known: number;
  readonly inBuffer: number;
}

interface Turn<P extends Partition> {
  readonly deliveries: string;
  readonly partition: P;
  readonly before: CurrentDeliveries;
  readonly allowShrink: boolean;
}

function wouldShrink(part: Part, partition: Partition, rows: number, before: number): IrokoError {
  return new IrokoError(
    "WOULD_SHRINK",
    `${part.name} of ${partition.key} would hold ${rows} rows; the version before it holds ${before}.`,
    {
      hint: "What was delivered stays. See what changed: the time zone, the first day? If it is meant, run it with the config { allowShrink: true }.",
      details: { partition: partition.key, rows, before },
    },
  );
}

function relationsOf(
  relations: Readonly<Record<string, Relation<unknown> | undefined>>,
): Record<string, DuckRelation<never>> {
  return Object.fromEntries(
    Object.entries(relations).flatMap(([name, relation]) =>
      relation instanceof DuckRelation ? [[name, relation as DuckRelation<never>]] : [],
    ),
  );
}

function windowOf({ key, window }: Partition): { window_start: Temporal.Instant; window_end: Temporal.Instant } {
  if (window === undefined) throw new RangeError(`partition "${key}" has no window of time`);
  return { window_start: window.start, window_end: window.end };
}
