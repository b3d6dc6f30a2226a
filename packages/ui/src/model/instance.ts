import type { Database } from "@iroko/core/engine";
import type { Catalog } from "./catalog.ts";

/** What routes read and change. */
export interface Instance {
  readonly db: Database;
  readonly now: () => Temporal.Instant;
  /** The definitions of all code locations, as registered now. */
  readonly catalog: () => Promise<Catalog>;
}
