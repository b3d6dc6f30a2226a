/** The least value of which at least this part of all is no greater. */
export const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN;

/** "n 12, median 0.61 s, p99 0.99 s, max 0.99 s" */
export function describeMilliseconds(values: readonly number[]): string {
  if (values.length === 0) return "n 0";
  const seconds = (part: number): string => `${(quantile(values, part) / 1000).toFixed(2)} s`;
  return `n ${values.length}, median ${seconds(0.5)}, p99 ${seconds(0.99)}, max ${seconds(1)}`;
}
