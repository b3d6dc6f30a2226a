import type { Definitions } from "./model.ts";

/** Marks what `define()` returns. Registered, so that a module's own copy of this package is recognised too. */
export const definitionsBrand: unique symbol = Symbol.for("iroko.definitions");

export function isDefinitions(value: unknown): value is Definitions {
  return typeof value === "object" && value !== null && definitionsBrand in value;
}
