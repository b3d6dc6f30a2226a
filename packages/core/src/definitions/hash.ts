import { hash } from "node:crypto";

/** JSON with its keys in one order and what is undefined left out: equal values, equal text. */
export function canonicalJson(value: unknown, copies?: Copies): string {
  // A copy that the platform writes: text put together here costs several times as much.
  return JSON.stringify(canonicalCopy(value, copies));
}

/** Made already, of objects that turn up in several values: they are shared. */
export type Copies = ReadonlyMap<object, unknown>;

/** What the canonical JSON of a value reads back as: plain data, its keys in that order. */
export function canonicalCopy(value: unknown, copies: Copies = new Map()): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (value === undefined || typeof value === "function" || typeof value === "symbol") return null;
  if (value === null || typeof value !== "object") return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  return Array.isArray(value) ? value.map((item) => canonicalCopy(item, copies)) : fieldsInOrder(value, copies);
}

function fieldsInOrder(value: object, copies: Copies): object {
  const copy: Record<string, unknown> = {};
  for (const name of sortedKeys(value)) {
    const inner: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (inner === undefined || typeof inner === "function") continue;
    if (name === "__proto__")
      Object.defineProperty(copy, name, { value: canonicalCopy(inner, copies), enumerable: true });
    else copy[name] = canonicalCopy(inner, copies);
  }
  return copy;
}

/** Many objects are written in order. */
function sortedKeys(value: object): readonly string[] {
  const keys = Object.keys(value);
  for (let at = 1; at < keys.length; at += 1) if (keys[at]! < keys[at - 1]!) return keys.sort();
  return keys;
}

/** Hex SHA-256 of a text's UTF-8 bytes. */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

/** A short hash for versions that people compare: 16 hex digits. */
export function shortHash(text: string): string {
  return sha256(text).slice(0, 16);
}
