import { anyMerchant, merchantId, terminalOf } from "./merchants.ts";
import { integer, pick, type Random } from "./random.ts";

/** A transaction as the terminal knows it. Amounts are kobo, the event's time is milliseconds since 1970. */
export interface Transaction {
  readonly id: string;
  readonly merchantId: string;
  readonly terminalId: string;
  readonly customer: number;
  readonly kobo: number;
  readonly eventMs: number;
  readonly channel: string;
}

/** A row of the buffer before it has an id. `createdAt` is seconds since 1970; the checksum is the payload's unless given. */
export interface Delivery {
  readonly payload: string;
  readonly createdAt: number;
  readonly status?: "pending" | "sending" | "failed";
  readonly checksum?: string;
  /** Gives the row an id that sorts just before the id of the row written before it. */
  readonly sortsBeforePrevious?: boolean;
}

/** The fields of a payload, each as JSON text, so that dirt can write what `JSON.stringify` never would. */
export type Fields = Record<string, string>;

export function anyTransaction(random: Random, number: number, eventMs: number, merchants: number): Transaction {
  const merchant = anyMerchant(random, merchants);
  return {
    id: `T${String(merchant % 1000).padStart(3, "0")}-${String(number).padStart(8, "0")}`,
    merchantId: merchantId(merchant),
    terminalId: terminalOf(merchant, random),
    customer: integer(random, 1_000_000),
    kobo: 5_000 + Math.floor(40_000_000 * random() * random() * random() * random()) + integer(random, 500_000),
    eventMs,
    channel: pick(random, channels),
  };
}

/** The payload as a well-behaved edge writes it. By hand, because it is written millions of times. */
export function payloadOf(tx: Transaction): string {
  const customer = sixDigits(tx.customer);
  return (
    `{"amount_ngn":${amountText(tx.kobo)},"channel":"${tx.channel}","customer_id":"C${customer}",` +
    `"event_time":"${isoMillis(tx.eventMs)}","merchant_id":"${tx.merchantId}","phone_number":"+234800${customer}0",` +
    `"terminal_id":"${tx.terminalId}","transaction_id":"${tx.id}"}`
  );
}

/** The same payload in parts, for dirt to change. */
export function fieldsOf(tx: Transaction): Fields {
  const customer = sixDigits(tx.customer);
  return {
    amount_ngn: amountText(tx.kobo),
    channel: `"${tx.channel}"`,
    customer_id: `"C${customer}"`,
    event_time: `"${isoMillis(tx.eventMs)}"`,
    merchant_id: `"${tx.merchantId}"`,
    phone_number: `"+234800${customer}0"`,
    terminal_id: `"${tx.terminalId}"`,
    transaction_id: `"${tx.id}"`,
  };
}

/** Keys sorted, no spaces. */
export function writePayload(fields: Fields): string {
  const names = Object.keys(fields).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${fields[name]}`).join(",")}}`;
}

/** Shortest form, as a JSON library prints a float: 389125 → 3891.25, 389120 → 3891.2, 389100 → 3891. */
export function amountText(kobo: number): string {
  return String(kobo / 100);
}

/** 2026-11-01T08:14:22.031Z */
export function isoMillis(ms: number): string {
  const day = Math.floor(ms / dayMs);
  if (day !== knownDay) [knownDay, knownDayText] = [day, utcDay(day)];
  const inDay = ms - day * dayMs;
  const seconds = Math.floor(inDay / 1000);
  const millis = String(inDay % 1000).padStart(3, "0");
  return `${knownDayText}T${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${millis}Z`;
}

const channels = ["chip", "chip", "chip", "contactless", "contactless", "magstripe", "qr"];
const dayMs = 86_400_000;
let knownDay = Number.NaN;
let knownDayText = "";

function utcDay(day: number): string {
  return Temporal.PlainDate.from("1970-01-01").add({ days: day }).toString();
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}

function sixDigits(n: number): string {
  return String(n).padStart(6, "0");
}
