/** The native driver costs a fifth of a second to load, so definitions load without it. */
export type Driver = typeof import("@duckdb/node-api");

let loading: Promise<Driver> | undefined;

export function loadDriver(): Promise<Driver> {
  loading ??= import("@duckdb/node-api");
  return loading;
}
