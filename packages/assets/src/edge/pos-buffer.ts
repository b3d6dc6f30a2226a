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
  type TimeWindow,
  type WithEnv,
} from "@iroko/core";
import { z } from "zod";
import { literal } from "../duckdb/quote.ts";
import { DuckRelation, relationOf } from "../duckdb/relation.ts";
import type { SqlValue } from "../duckdb/sql-value.ts";
import { duckdbOf } from "../duckdb/step-database.ts";
import { loadDeliveries, type DeliveriesOf } from "./load-deliveries.ts";
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
  readonly reason: string;
  /** The days that its rows name. */
  readonly dated: string;
}

const raw: Part = {
  name: "raw",
  columns:
    "id, created_at, transaction_id, merchant_id, terminal_id, customer_id, amount_ngn, event_time, phone_number, channel, extra",
  rows: "sent and reason is null",
  filedAt: "event_time",
  reason: "null",
  dated: "event_time",
};

const quarantine: Part = {
  name: "quarantine",
  columns: "id, created_at, payload, reason",
  rows: "sent and reason is not null",
  filedAt: "greatest(created_at, $start)",
  reason: "reason",
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
    const counts = new Map<string, Promise<CountsOfDay>>();
    const day = (part: Part) => async (partition: P) => {
      const turn: Turn = { partition, deliveries: deliveries(windowOf(partition)), before: previous(partition) };
      const counting = counts.get(partition.key) ?? this.#count(turn); // both parts tell all of it
      counts.set(partition.key, counting);
      const counted = await counting;
      if (!allowShrink) await this.#requireGrowth(part, turn, counted[part.name].rows);
      return {
        data: this.#union(part, turn),
        metadata: metadataOf(part, counted),
        sourceVersions: source === undefined ? {} : { [source]: counted.dataVersion },
      };
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
      const turn: Turn = { partition, deliveries: deliveries(windowOf(partition)), before: current(partition) };
      const { dataVersion, known, inBuffer } = await this.#seen(turn);
      if (inBuffer === 0) continue;
      days.push({ partition, dataVersion, metadata: { deliveries: known, in_buffer: inBuffer } });
    }
    return days;
  }

  async #load(partitions: readonly Partition[]): Promise<DeliveriesOf> {
    if (partitions.length === 0) throw new RangeError("no partitions to read the buffer for");
    const days = partitions.map((partition) => windowOf(partition));
    return await loadDeliveries(this.#scope, { path: this.#path, start: this.#start, days });
  }

  /** What is known of a day, from before or from the buffer: as an observation says it. */
  async #seen({ deliveries, partition, before }: Turn): Promise<Seen> {
    const held = this.#query(
      "posBuffer",
      `select id from ${deliveries} where sent and ${inWindow("filed_at")}`,
      paramsOf(partition),
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

  async #count(turn: Turn): Promise<CountsOfDay> {
    const { dataVersion } = await this.#seen(turn);
    const database = await duckdbOf(this.#scope);
    const [inBuffer = {}] = await database.all(
      `select count(*) filter (where ${raw.rows}) as raw, count(*) filter (where ${quarantine.rows}) as quarantine,
         count(*) filter (where not sent) as pending
       from ${turn.deliveries} where ${inWindow("filed_at")}`,
      paramsOf(turn.partition),
    );
    const reasons = new Map<string, number>();
    const ofPart = async (part: Part): Promise<CountsOfPart> => {
      const groups = await this.#rows(
        `select ${part.reason} as reason, count(*) as n, ${this.#dayOf(`min(${part.dated})`)} as first,
           ${this.#dayOf(`max(${part.dated})`)} as last
         from rows group by all`,
        {},
        { rows: this.#union(part, turn) },
      );
      if (part === quarantine) for (const { reason, n } of groups) reasons.set(String(reason), Number(n));
      return {
        input: Number(inBuffer[part.name]),
        rows: groups.reduce((sum, { n }) => sum + Number(n), 0),
        firstDay: groups.map(({ first }) => String(first)).toSorted()[0],
        lastDay: groups
          .map(({ last }) => String(last))
          .toSorted()
          .at(-1),
      };
    };
    return {
      dataVersion,
      pending: Number(inBuffer["pending"]),
      raw: await ofPart(raw),
      quarantine: await ofPart(quarantine),
      reasons,
    };
  }

  #dayOf(instant: string): string {
    return `strftime(timezone(${literal(this.#timezone)}, ${instant}), '%Y-%m-%d')`;
  }

  async #requireGrowth(part: Part, { partition, before }: Turn, rows: number): Promise<void> {
    const relations = relationsOf({ previous: before[part.name] });
    if (!("previous" in relations)) return;
    const [known] = await this.#rows("select count(*) as n from previous", {}, relations);
    const rowsBefore = Number(known?.["n"] ?? 0);
    if (rows < rowsBefore) throw wouldShrink(part, partition, rows, rowsBefore);
  }

  /** The version before, as far as it lies in the day, and what the buffer holds beyond it. */
  #union(part: Part, { deliveries, partition, before }: Turn): DuckRelation<never> {
    const { columns, name, filedAt } = part;
    const inBuffer = `select ${columns} from ${deliveries} where ${part.rows} and ${inWindow("filed_at")}`;
    const relations = relationsOf({ previous: before[name] });
    const text =
      "previous" in relations
        ? `select ${columns} from previous where ${inWindow(filedAt)}
           union all select ${columns} from (${inBuffer}) anti join previous using (id)`
        : inBuffer;
    return this.#query(`posBuffer, ${name}`, text, { ...paramsOf(partition), start: this.#start }, relations);
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

/** What is known of a day's deliveries, in both parts. */
interface CountsOfDay {
  readonly dataVersion: string;
  /** Not yet sent. */
  readonly pending: number;
  readonly raw: CountsOfPart;
  readonly quarantine: CountsOfPart;
  readonly reasons: ReadonlyMap<string, number>;
}

interface CountsOfPart {
  /** In the buffer. */
  readonly input: number;
  /** With those from before. */
  readonly rows: number;
  readonly firstDay: string | undefined;
  readonly lastDay: string | undefined;
}

/** A day as it is made. */
interface Turn {
  readonly partition: Partition;
  /** SQL for a relation that holds the day's deliveries, and others. */
  readonly deliveries: string;
  readonly before: CurrentDeliveries;
}

function metadataOf(part: Part, counted: CountsOfDay): Metadata {
  const { input, rows, firstDay, lastDay } = counted[part.name];
  return {
    row_count: meta.int(rows),
    input_rows: meta.int(input),
    output_rows: meta.int(rows),
    duplicates_removed: meta.int(0),
    conflicting_duplicates: meta.int(0),
    cross_day_duplicates: meta.int(0),
    rejected: meta.json({}),
    quarantined: meta.json(
      Object.fromEntries(quarantineReasons.map((reason) => [reason, counted.reasons.get(reason) ?? 0])),
    ),
    pending_in_buffer: meta.int(counted.pending),
    total_revenue_ngn: meta.json(null),
    states_covered: meta.json(null),
    date_range: rows === 0 ? meta.json(null) : meta.text(`${firstDay}/${lastDay}`),
  };
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

function windowOf({ key, window }: Partition): TimeWindow {
  if (window === undefined) throw new RangeError(`partition "${key}" has no window of time`);
  return window;
}

const inWindow = (instant: string): string => `${instant} >= $window_start and ${instant} < $window_end`;

function paramsOf(partition: Partition): { window_start: Temporal.Instant; window_end: Temporal.Instant } {
  const { start, end } = windowOf(partition);
  return { window_start: start, window_end: end };
}
