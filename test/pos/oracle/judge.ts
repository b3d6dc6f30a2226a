// RULES.md, section 1: what becomes of one delivery.
import { createHash } from "node:crypto";
import { jsonMembers } from "./json-members.ts";

export const quarantineReasons = [
  "not_json",
  "checksum_mismatch",
  "missing_field",
  "bad_amount",
  "bad_time",
  "clock_ahead",
  "before_start",
] as const;
export type QuarantineReason = (typeof quarantineReasons)[number];

export interface BufferRow {
  readonly id: string;
  readonly payload: string;
  readonly created_at: number;
  readonly status: string;
  readonly checksum: string;
}

/** Times are microseconds since 1970. */
export interface Accepted {
  readonly reason?: undefined;
  readonly createdAt: bigint;
  readonly transactionId: string;
  readonly merchantId: string;
  readonly terminalId: string | null;
  readonly customerId: string | null;
  readonly kobo: bigint;
  readonly eventTime: bigint;
  readonly phoneNumber: string | null;
  readonly channel: string | null;
  readonly extra: string | null;
}

export interface Quarantined {
  readonly reason: QuarantineReason;
  readonly createdAt: bigint;
}

/** The status plays no part in it. `start` is the first partition, a day in Lagos. */
export function judge(delivery: Omit<BufferRow, "id" | "status">, start: string): Accepted | Quarantined {
  const createdAt = BigInt(Math.round(delivery.created_at * 1_000_000));
  const quarantined = (reason: QuarantineReason): Quarantined => ({ reason, createdAt });

  const members = jsonMembers(delivery.payload);
  if (members === undefined) return quarantined("not_json");

  const digest = createHash("sha256").update(delivery.payload, "utf8").digest("hex");
  if (delivery.checksum !== digest.slice(0, 16)) return quarantined("checksum_mismatch");

  const transactionId = stringIn(members, "transaction_id");
  const merchantId = stringIn(members, "merchant_id");
  if (!transactionId || !merchantId) return quarantined("missing_field");
  const amount = members.get("amount_ngn") ?? "null";
  const time = members.get("event_time") ?? "null";
  if (isEmpty(amount) || isEmpty(time)) return quarantined("missing_field");

  if (!/^-?[0-9]{1,16}(\.[0-9]{1,2})?$/.test(amount)) return quarantined("bad_amount");
  const kobo = koboOf(amount);

  const eventTime = instantOf(stringIn(members, "event_time"));
  if (eventTime === undefined) return quarantined("bad_time");
  if (eventTime > createdAt + 600_000_000n) return quarantined("clock_ahead");
  if (eventTime < startOf(start)) return quarantined("before_start");

  return {
    createdAt,
    transactionId,
    merchantId,
    terminalId: textIn(members, "terminal_id"),
    customerId: textIn(members, "customer_id"),
    kobo,
    eventTime,
    phoneNumber: textIn(members, "phone_number"),
    channel: textIn(members, "channel"),
    extra: extraOf(members),
  };
}

/**
 * The instant that an ISO 8601 text names, in microseconds since 1970, undefined if it does not follow the grammar of RULES.md
 * or its date does not exist. Digits past the sixth of a fraction are cut off.
 */
export function instantOf(text: string | undefined): bigint | undefined {
  const match = text === undefined ? null : isoTime.exec(text);
  if (!match?.groups) return undefined;
  const {
    date = "",
    hour,
    minute,
    second = "0",
    fraction = "",
    sign,
    offsetHour = "0",
    offsetMinute = "0",
  } = match.groups;
  let midnight: Temporal.PlainDate;
  try {
    midnight = Temporal.PlainDate.from(date);
  } catch {
    return undefined;
  }
  const days = Temporal.PlainDate.from("1970-01-01").until(midnight, { largestUnit: "days" }).days;
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === "-" ? -1 : 1);
  const minutes = days * 1440 + Number(hour) * 60 + Number(minute) - offset;
  const micros = fraction.slice(0, 6).padEnd(6, "0");
  return BigInt(minutes * 60 + Number(second)) * 1_000_000n + BigInt(micros);
}

const isoTime =
  /^(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})T(?<hour>[01][0-9]|2[0-3]):(?<minute>[0-5][0-9])(:(?<second>[0-5][0-9])([.,](?<fraction>[0-9]{1,9}))?)?(Z|(?<sign>[+-])(?<offsetHour>[01][0-9]|2[0-3])(:?(?<offsetMinute>[0-5][0-9]))?)$/;

type Members = ReadonlyMap<string, string>;

function stringIn(members: Members, name: string): string | undefined {
  const value: unknown = JSON.parse(members.get(name) ?? "null");
  return typeof value === "string" ? value : undefined;
}

/** Absent or null is null, a string is itself, anything else its JSON text. */
function textIn(members: Members, name: string): string | null {
  const text = members.get(name);
  if (text === undefined || text === "null") return null;
  return stringIn(members, name) ?? text;
}

function isEmpty(json: string): boolean {
  return json === "null" || json === '""';
}

function koboOf(amount: string): bigint {
  const [naira = "", kobo = ""] = amount.replace("-", "").split(".");
  const value = BigInt(naira + kobo.padEnd(2, "0"));
  return amount.startsWith("-") ? -value : value;
}

function startOf(day: string): bigint {
  return Temporal.PlainDate.from(day).toZonedDateTime("Africa/Lagos").epochNanoseconds / 1000n;
}

const ownFields = new Set([
  "transaction_id",
  "merchant_id",
  "terminal_id",
  "customer_id",
  "amount_ngn",
  "event_time",
  "phone_number",
  "channel",
]);

function extraOf(members: Members): string | null {
  const others = [...members].filter(([name]) => !ownFields.has(name));
  if (others.length === 0) return null;
  return `{${others.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`;
}
