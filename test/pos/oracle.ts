/**
 * The pipeline's outputs, computed a second time: plain JavaScript from examples/pos-pipeline/RULES.md, with no DuckDB, no zod, no
 * code of Iroko and no SQL beyond reading the buffer's rows. Money is BigInt kobo, time is BigInt microseconds.
 *
 * Every day is computed as if it were made now, from one reading of the buffer and of the merchants file; what earlier readings
 * saw comes in as `previous`, day by day, as raw and quarantine are cumulative. What each figure means is section 3 of RULES.md.
 *
 * In rows, decimals are text with two decimals, timestamps are UTC text with six digits ("2026-11-01T08:14:22.031000Z"), dates
 * are "2026-11-01", counts are numbers.
 */
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { parseCsv } from "./oracle/csv.ts";
import { judge, quarantineReasons, type Accepted, type BufferRow, type QuarantineReason } from "./oracle/judge.ts";
import { dayOf, decimalText, timestampText } from "./oracle/values.ts";

export { judge, quarantineReasons, type BufferRow, type QuarantineReason } from "./oracle/judge.ts";
export { parseCsv } from "./oracle/csv.ts";

export interface OracleInput {
  readonly buffer: string;
  readonly merchants: string;
  /** The first partition. Default 2026-11-01. */
  readonly start?: string;
  /** What was published before, from the same start: its raw and quarantine rows are kept, whatever the buffer holds now. */
  readonly previous?: Oracle;
}

export interface RawRow {
  readonly id: string;
  readonly created_at: string;
  readonly transaction_id: string;
  readonly merchant_id: string;
  readonly terminal_id: string | null;
  readonly customer_id: string | null;
  readonly amount_ngn: string;
  readonly event_time: string;
  readonly phone_number: string | null;
  readonly channel: string | null;
  /** JSON text; compare it with `sameJson`. */
  readonly extra: string | null;
}

export interface QuarantineRow {
  readonly id: string;
  readonly created_at: string;
  readonly payload: string;
  readonly reason: QuarantineReason;
}

export interface MerchantRow {
  readonly merchant_id: string;
  readonly merchant_name: string | null;
  readonly merchant_category: string | null;
  readonly state: string | null;
  readonly lga: string | null;
}

export interface CleanedRow {
  readonly id: string;
  readonly created_at: string;
  readonly transaction_id: string;
  readonly merchant_id: string;
  readonly terminal_id: string | null;
  readonly customer_id: string | null;
  readonly amount_ngn: string;
  readonly event_time: string;
  readonly channel: string | null;
  readonly merchant_name: string | null;
  readonly merchant_category: string | null;
  readonly state: string | null;
  readonly lga: string | null;
  readonly event_date: string;
}

export interface RevenueRow {
  readonly state: string | null;
  readonly lga: string | null;
  readonly merchant_category: string | null;
  readonly event_date: string;
  readonly total_revenue: string;
  readonly transaction_count: number;
  readonly unique_merchants: number;
  readonly avg_transaction: string;
}

/** What a materialization reports; null where a figure does not apply to the asset. `output_path` is not the oracle's to know. */
export interface Figures {
  readonly row_count: number;
  readonly input_rows: number;
  readonly output_rows: number;
  readonly duplicates_removed: number;
  readonly conflicting_duplicates: number;
  readonly cross_day_duplicates: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly quarantined: Readonly<Record<string, number>>;
  readonly pending_in_buffer: number;
  readonly total_revenue_ngn: string | null;
  readonly states_covered: number | null;
  readonly date_range: string | null;
}

export interface OracleDay {
  readonly day: string;
  readonly raw: readonly RawRow[];
  readonly quarantine: readonly QuarantineRow[];
  readonly cleaned: readonly CleanedRow[];
  readonly revenue: readonly RevenueRow[];
  readonly figures: {
    readonly raw: Figures;
    readonly quarantine: Figures;
    readonly cleaned: Figures;
    readonly revenue: Figures;
  };
  /** Whether the warning for a quiet day is due. */
  readonly quiet: boolean;
}

export interface Oracle {
  readonly merchants: readonly MerchantRow[];
  readonly merchantFigures: Figures;
  /** Rows with status `sent` in this reading of the buffer. */
  readonly sentRows: number;
  /** The days from the start to the last that has a row of any status, in order. */
  readonly days: readonly string[];
  /** Any day; one without rows has empty tables. Throws for a day before the start. */
  readonly day: (key: string) => OracleDay;
}

export function computeOracle({ buffer, merchants, start = "2026-11-01", previous }: OracleInput): Oracle {
  const merchantRows = readMerchants(readFileSync(merchants, "utf8"));
  const byMerchant = new Map(merchantRows.map((row) => [row.merchant_id, row]));
  const reading = readBuffer(buffer, start);
  const raw = new Map<string, readonly RawRow[]>();
  const quarantine = new Map<string, readonly QuarantineRow[]>();
  const known = new Set([...reading.days, ...(previous?.days ?? [])]);
  const days = daysUntil(start, [...known].toSorted().at(-1));
  for (const day of days) {
    const before = previous?.day(day);
    raw.set(day, merged(before?.raw, reading.raw.get(day)));
    quarantine.set(day, merged(before?.quarantine, reading.quarantine.get(day)));
  }
  const computed = new Map<string, OracleDay>();
  return {
    merchants: merchantRows,
    merchantFigures: {
      ...nothing,
      ...counted(merchantRows.length, merchantRows.length),
      states_covered: statesIn(merchantRows),
    },
    sentRows: reading.sentRows,
    days,
    day: (key) => {
      if (key < start) throw new RangeError(`${key} is before ${start}`);
      const existing = computed.get(key);
      if (existing) return existing;
      const made = makeDay({ key, start, raw, quarantine, reading, byMerchant });
      computed.set(key, made);
      return made;
    },
  };
}

/** Whether two JSON texts say the same: numbers as doubles, −0 as 0, whatever the order of names. NULL equals only NULL. */
export function sameJson(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one === other;
  return canonical(JSON.parse(one)) === canonical(JSON.parse(other));
}

interface Reading {
  readonly sentRows: number;
  readonly raw: ReadonlyMap<string, readonly RawRow[]>;
  readonly quarantine: ReadonlyMap<string, readonly QuarantineRow[]>;
  readonly pending: ReadonlyMap<string, number>;
  readonly days: ReadonlySet<string>;
}

function readBuffer(file: string, start: string): Reading {
  const raw = new Map<string, RawRow[]>();
  const quarantine = new Map<string, QuarantineRow[]>();
  const pending = new Map<string, number>();
  let sentRows = 0;
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    for (const row of db.prepare("select id, payload, created_at, status, checksum from buffer").iterate()) {
      const delivery = bufferRow(row);
      const verdict = judge(delivery, start);
      const takenIn = dayOf(verdict.createdAt);
      const day = verdict.reason === undefined ? dayOf(verdict.eventTime) : takenIn < start ? start : takenIn;
      if (delivery.status !== "sent") {
        pending.set(day, (pending.get(day) ?? 0) + 1);
        continue;
      }
      sentRows += 1;
      if (verdict.reason === undefined) push(raw, day, rawRow(delivery.id, verdict));
      else {
        const created_at = timestampText(verdict.createdAt);
        push(quarantine, day, { id: delivery.id, created_at, payload: delivery.payload, reason: verdict.reason });
      }
    }
  } finally {
    db.close();
  }
  return {
    sentRows,
    raw,
    quarantine,
    pending,
    days: new Set([...raw.keys(), ...quarantine.keys(), ...pending.keys()]),
  };
}

function bufferRow(row: Record<string, unknown>): BufferRow {
  const { id, payload, created_at, status, checksum } = row;
  if (typeof id !== "string" || typeof payload !== "string" || typeof created_at !== "number") {
    throw new TypeError(`a buffer row of other types than the table's: ${String(id)}`);
  }
  return { id, payload, created_at, status: String(status), checksum: String(checksum) };
}

function rawRow(id: string, accepted: Accepted): RawRow {
  return {
    id,
    created_at: timestampText(accepted.createdAt),
    transaction_id: accepted.transactionId,
    merchant_id: accepted.merchantId,
    terminal_id: accepted.terminalId,
    customer_id: accepted.customerId,
    amount_ngn: decimalText(accepted.kobo),
    event_time: timestampText(accepted.eventTime),
    phone_number: accepted.phoneNumber,
    channel: accepted.channel,
    extra: accepted.extra,
  };
}

/** The previous version and what the buffer holds now, one row per delivery id, in order of created_at and id. */
function merged<Row extends RawRow | QuarantineRow>(
  before: readonly Row[] = [],
  now: readonly Row[] = [],
): readonly Row[] {
  const rows = new Map(now.map((row) => [row.id, row]));
  for (const row of before) rows.set(row.id, row);
  return [...rows.values()].toSorted(byDelivery);
}

function readMerchants(text: string): readonly MerchantRow[] {
  const [header, ...records] = parseCsv(text);
  const names = ["merchant_id", "merchant_name", "merchant_category", "state", "lga"];
  if (header?.join() !== names.join()) throw new Error(`the merchants file's columns are ${header?.join()}`);
  const rows = records.map((record): MerchantRow => {
    if (record.length !== names.length) throw new Error(`a merchant of ${record.length} fields: ${record.join()}`);
    const [merchant_id, merchant_name, merchant_category, state, lga] = record.map((field) =>
      field === "" ? null : field,
    );
    if (merchant_id === null || merchant_id === undefined)
      throw new Error(`a merchant without merchant_id: ${record.join()}`);
    return {
      merchant_id,
      merchant_name: merchant_name ?? null,
      merchant_category: merchant_category ?? null,
      state: state ?? null,
      lga: lga ?? null,
    };
  });
  if (new Set(rows.map((row) => row.merchant_id)).size !== rows.length) throw new Error("merchant_id is not unique");
  return rows.toSorted((a, b) => compareText(a.merchant_id, b.merchant_id));
}

interface DayInput {
  readonly key: string;
  readonly start: string;
  readonly raw: ReadonlyMap<string, readonly RawRow[]>;
  readonly quarantine: ReadonlyMap<string, readonly QuarantineRow[]>;
  readonly reading: Reading;
  readonly byMerchant: ReadonlyMap<string, MerchantRow>;
}

function makeDay({ key, start, raw, quarantine, reading, byMerchant }: DayInput): OracleDay {
  const rawRows = raw.get(key) ?? [];
  const quarantineRows = quarantine.get(key) ?? [];
  const pending = { pending_in_buffer: reading.pending.get(key) ?? 0 };
  const quarantined = countByReason(quarantineReasons, quarantineRows);

  const firsts = firstDeliveries(rawRows);
  const rejected = { amount_not_positive: 0, amount_too_large: 0 };
  const cleaned: CleanedRow[] = [];
  for (const row of firsts.values()) {
    const kobo = koboOf(row.amount_ngn);
    if (kobo <= 0n) rejected.amount_not_positive += 1;
    else if (kobo >= 10_000_000_000n) rejected.amount_too_large += 1;
    else cleaned.push(cleanedRow(row, byMerchant.get(row.merchant_id), key));
  }
  cleaned.sort((a, b) => compareText(a.transaction_id, b.transaction_id));
  const revenue = revenueRows(cleaned, key);

  const earlierIds = new Set(
    daysBefore(key, 3).flatMap((day) => (raw.get(day) ?? []).map((row) => row.transaction_id)),
  );
  const money = {
    total_revenue_ngn: decimalText(cleaned.reduce((sum, row) => sum + koboOf(row.amount_ngn), 0n)),
    states_covered: statesIn(cleaned),
  };
  return {
    day: key,
    raw: rawRows,
    quarantine: quarantineRows,
    cleaned,
    revenue,
    figures: {
      raw: {
        ...nothing,
        ...pending,
        ...counted(reading.raw.get(key)?.length ?? 0, rawRows.length),
        quarantined,
        date_range: dateRange(rawRows.map((row) => row.event_time)),
      },
      quarantine: {
        ...nothing,
        ...pending,
        ...counted(reading.quarantine.get(key)?.length ?? 0, quarantineRows.length),
        quarantined,
        date_range: dateRange(quarantineRows.map((row) => row.created_at)),
      },
      cleaned: {
        ...nothing,
        ...pending,
        ...money,
        ...counted(rawRows.length, cleaned.length),
        duplicates_removed: rawRows.length - firsts.size,
        conflicting_duplicates: rawRows.filter((row) => row.amount_ngn !== firsts.get(row.transaction_id)?.amount_ngn)
          .length,
        cross_day_duplicates: [...firsts.keys()].filter((id) => earlierIds.has(id)).length,
        rejected,
        date_range: cleaned.length === 0 ? null : `${key}/${key}`,
      },
      revenue: {
        ...nothing,
        ...pending,
        ...money,
        ...counted(cleaned.length, revenue.length),
        date_range: revenue.length === 0 ? null : `${key}/${key}`,
      },
    },
    quiet: isQuiet(
      rawRows.length,
      daysBefore(key, 7)
        .filter((day) => day >= start)
        .map((day) => raw.get(day)?.length ?? 0),
    ),
  };
}

/** By transaction_id. The rows come in order of created_at and id, so the first is the first delivery. */
function firstDeliveries(rows: readonly RawRow[]): ReadonlyMap<string, RawRow> {
  const firsts = new Map<string, RawRow>();
  for (const row of rows) if (!firsts.has(row.transaction_id)) firsts.set(row.transaction_id, row);
  return firsts;
}

function cleanedRow(row: RawRow, merchant: MerchantRow | undefined, day: string): CleanedRow {
  return {
    id: row.id,
    created_at: row.created_at,
    transaction_id: row.transaction_id,
    merchant_id: row.merchant_id,
    terminal_id: row.terminal_id,
    customer_id: row.customer_id,
    amount_ngn: row.amount_ngn,
    event_time: row.event_time,
    channel: row.channel,
    merchant_name: merchant?.merchant_name ?? null,
    merchant_category: merchant?.merchant_category ?? null,
    state: merchant?.state ?? null,
    lga: merchant?.lga ?? null,
    event_date: day,
  };
}

function revenueRows(cleaned: readonly CleanedRow[], event_date: string): RevenueRow[] {
  const groups = new Map<string, CleanedRow[]>();
  for (const row of cleaned) push(groups, JSON.stringify([row.state, row.lga, row.merchant_category]), row);
  return [...groups.values()]
    .map((rows): RevenueRow => {
      const { state, lga, merchant_category } = rows[0]!;
      const total = rows.reduce((sum, row) => sum + koboOf(row.amount_ngn), 0n);
      const count = BigInt(rows.length);
      return {
        state,
        lga,
        merchant_category,
        event_date,
        total_revenue: decimalText(total),
        transaction_count: rows.length,
        unique_merchants: new Set(rows.map((row) => row.merchant_id)).size,
        avg_transaction: decimalText((2n * total + count) / (2n * count)), // half up: amounts are positive
      };
    })
    .toSorted(
      (a, b) =>
        compareNullable(a.state, b.state) ||
        compareNullable(a.lga, b.lga) ||
        compareNullable(a.merchant_category, b.merchant_category),
    );
}

function isQuiet(rows: number, before: readonly number[]): boolean {
  if (rows === 0) return true;
  if (before.length === 0) return false;
  const sorted = before.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]!;
  return 2 * rows < (lower + upper) / 2;
}

const nothing = {
  duplicates_removed: 0,
  conflicting_duplicates: 0,
  cross_day_duplicates: 0,
  rejected: {},
  quarantined: {},
  pending_in_buffer: 0,
  total_revenue_ngn: null,
  states_covered: null,
  date_range: null,
};

function counted(input: number, output: number): Pick<Figures, "row_count" | "input_rows" | "output_rows"> {
  return { row_count: output, input_rows: input, output_rows: output };
}

function countByReason(
  reasons: readonly string[],
  rows: readonly { readonly reason: string }[],
): Record<string, number> {
  return Object.fromEntries(reasons.map((reason) => [reason, rows.filter((row) => row.reason === reason).length]));
}

function statesIn(rows: readonly { readonly state: string | null }[]): number {
  return new Set(rows.map((row) => row.state).filter((state) => state !== null)).size;
}

/** First and last day in Lagos. */
function dateRange(timestamps: readonly string[]): string | null {
  const days = timestamps.map((text) =>
    Temporal.Instant.from(text).toZonedDateTimeISO("Africa/Lagos").toPlainDate().toString(),
  );
  const sorted = days.toSorted();
  return sorted.length === 0 ? null : `${sorted[0]}/${sorted.at(-1)}`;
}

/** Every day from the start to the last one. */
function daysUntil(start: string, last: string | undefined): string[] {
  const first = Temporal.PlainDate.from(start);
  const count = last === undefined ? 0 : 1 + first.until(last, { largestUnit: "days" }).days;
  return Array.from({ length: Math.max(count, 0) }, (_, n) => first.add({ days: n }).toString());
}

function daysBefore(day: string, count: number): string[] {
  const date = Temporal.PlainDate.from(day);
  return Array.from({ length: count }, (_, n) => date.subtract({ days: n + 1 }).toString());
}

function koboOf(decimal: string): bigint {
  return BigInt(decimal.replace(".", ""));
}

function byDelivery(a: RawRow | QuarantineRow, b: RawRow | QuarantineRow): number {
  return compareText(a.created_at, b.created_at) || compareText(a.id, b.id);
}

/** By code point, as DuckDB does; JavaScript's own order is by UTF-16 unit. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function compareNullable(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compareText(a, b);
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).toSorted(([a], [b]) => compareText(a, b));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`;
  }
  return JSON.stringify(value); // which writes −0 as 0
}
