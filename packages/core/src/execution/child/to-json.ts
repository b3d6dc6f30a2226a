import type { Json } from "../../definitions/metadata.ts";

/** What user code gave, as it may cross to the parent: what JSON cannot hold is written as text rather than refused. */
export function toJson(value: unknown): Json {
  try {
    return (JSON.parse(JSON.stringify(value, asText) ?? "null") as Json) ?? null;
  } catch {
    return "[circular]";
  }
}

function asText(_name: string, value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function") return String(value);
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
