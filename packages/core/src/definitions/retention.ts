/** How long versions are kept that are no longer current: at most so many of a partition, each at most so many days. */
import type { TableSchema } from "./table-schema.ts";

export interface RetentionPolicy {
  /** Versions before the current one. */
  readonly versions: number;
  /** Since another version replaced it. */
  readonly days: number;
}

export const defaultRetention: RetentionPolicy = { versions: 3, days: 30 };
/** Where a column is `sensitive()`: long enough to take back last night's mistake. */
export const sensitiveRetention: RetentionPolicy = { versions: 1, days: 3 };

/** What is given counts; of the rest, the rule for data of this kind. */
export function retentionOf({
  retention,
  schema,
}: {
  readonly retention?: Partial<RetentionPolicy>;
  readonly schema?: TableSchema;
}): RetentionPolicy {
  const isSensitive = schema?.columns.some((column) => column.sensitive) ?? false;
  return { ...(isSensitive ? sensitiveRetention : defaultRetention), ...retention };
}
