import type { MomentWithKeys } from "@iroko/core";
import type { Database, DataReader, Standings, Store } from "@iroko/core/engine";
import type { Catalog } from "./catalog.ts";

/** What routes read and change. */
export interface Instance {
  readonly db: Database;
  readonly now: () => Temporal.Instant;
  /** Now, with the keys that dynamic partitions of any location have; of a catalog that was read already, if it is given. */
  readonly moment: (known?: Catalog) => Promise<MomentWithKeys>;
  /** Whether what steps make goes over a network; undefined where the server was not told. */
  readonly store?: "local" | "remote" | undefined;
  /** Where objects are; undefined where the server was not told. */
  readonly openStore?: (() => Promise<Store>) | undefined;
  /** Its address, as those who read data beside it write it. */
  readonly storeUri?: string | undefined;
  /** Looks into data with DuckDB; undefined where the server was given none. */
  readonly dataReader?: DataReader | undefined;
  /** The definitions of all code locations, as registered now. */
  readonly catalog: () => Promise<Catalog>;
  /** How assets stand now, and what of them is stale. */
  readonly standings: Standings;
}
