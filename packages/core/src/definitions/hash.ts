import { createHash } from "node:crypto";

/** JSON with its keys sorted and what is undefined left out: equal values, equal text. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") {
    return typeof value === "bigint" ? `"${value}"` : (JSON.stringify(value) ?? "null");
  }
  // Written at once: a sorted copy of ten thousand definitions costs several times what their text does.
  let text = "";
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === "" ? "" : ","}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  for (const name of Object.keys(value).toSorted()) {
    const inner: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (inner === undefined || typeof inner === "function") continue;
    text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${canonicalJson(inner)}`;
  }
  return `{${text}}`;
}

/** Hex SHA-256 of a text's UTF-8 bytes. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** A short hash for versions that people compare: 16 hex digits. */
export function shortHash(text: string): string {
  return sha256(text).slice(0, 16);
}
