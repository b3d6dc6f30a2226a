import type { PublishedVersion } from "@iroko/core/engine";

/** Below 0 when `a` is older than `b`. A restored instance's incarnation outranks every version before it. */
export function compareVersions(a: PublishedVersion, b: PublishedVersion): number {
  return a.incarnation - b.incarnation || a.version - b.version;
}
