import type { Check, CheckOutcome } from "@iroko/core";
import { readOptions, type CheckOptions } from "./check-options.ts";
import { rowsText } from "./find-violations.ts";

export interface RowCountOptions extends CheckOptions {
  readonly min?: number;
  readonly max?: number;
  /** Not fewer than `factor` times the median of so many partitions before; passes where there is none yet. */
  readonly atLeastOfMedian?: { readonly partitions: number; readonly factor: number };
}

/**
 * How many rows a partition has.
 *
 * @example rowCount({ min: 1, atLeastOfMedian: { partitions: 7, factor: 0.5 }, severity: "warn" })
 */
export function rowCount(options: RowCountOptions): Check<never> {
  const { min, max, atLeastOfMedian } = options;
  return {
    ...readOptions(options, "row_count"),
    kind: "rowCount",
    columns: [],
    history: atLeastOfMedian?.partitions ?? 0,
    run: async (context): Promise<CheckOutcome> => {
      const rows = await context.self.count();
      const failures: string[] = [];
      if (min !== undefined && rows < min) failures.push(`fewer than ${min}`);
      if (max !== undefined && rows > max) failures.push(`more than ${max}`);
      const usual = median(context.history.map((before) => before.rows));
      if (atLeastOfMedian !== undefined && usual !== undefined && rows < usual * atLeastOfMedian.factor) {
        const { factor } = atLeastOfMedian;
        failures.push(`fewer than ${factor} of the usual ${usual} (median of the ${context.history.length} before)`);
      }
      return {
        passed: failures.length === 0,
        ...(failures.length === 0 ? {} : { message: `${rowsText(rows)}: ${failures.join(", ")}.` }),
        metadata: {
          rows: { type: "int", value: rows },
          ...(usual === undefined ? {} : { median: { type: "float", value: usual } }),
        },
      };
    },
  };
}

function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
