/** What a materialization, an observation or a check says of itself. Every value carries its type: pages plot and sort by it. */
export type MetadataValue =
  | { readonly type: "int"; readonly value: number }
  /** Exact: a string of digits, also in JSON. */
  | { readonly type: "decimal"; readonly value: string }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "url"; readonly value: string }
  | { readonly type: "path"; readonly value: string }
  | { readonly type: "markdown"; readonly value: string }
  | { readonly type: "json"; readonly value: Json }
  | { readonly type: "table"; readonly columns: readonly string[]; readonly rows: readonly (readonly Json[])[] }
  | { readonly type: "bytes"; readonly value: number }
  /** Seconds. */
  | { readonly type: "duration"; readonly value: number }
  /** ISO 8601 in UTC. */
  | { readonly type: "timestamp"; readonly value: string }
  | { readonly type: "tableSchema"; readonly columns: readonly { readonly name: string; readonly type: string }[] };

export type Metadata = Readonly<Record<string, MetadataValue>>;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
