import type { Moved, Store } from "./store.ts";

/** Local copies of remote objects, shared by steps and processes; `@iroko/assets` has it. */
export interface ObjectCache {
  /** A local file that holds this generation of an object: a name of the step's own in its folder `into`. */
  fetch(
    store: Store,
    key: string,
    etag: string,
    signal?: AbortSignal,
    into?: string,
  ): Promise<Moved & { readonly file: string }>;
  /** Drops its copy, if there is one. */
  forget(store: Store, key: string, etag: string): Promise<void>;
}
