/** What is to be made, as the address holds it, as the API takes it and as the command line says it. */
export const fields = ["select", "partitions", "location", "backfill", "order", "checks", "maxConcurrency"] as const;
export type Field = (typeof fields)[number];

/** What the API takes, of what the address holds. */
export function requestOf(query: URLSearchParams): Record<string, unknown> {
  const text = (name: Field): string | undefined => query.get(name)?.trim() || undefined;
  const [batches, most] = [text("backfill"), text("maxConcurrency")];
  return {
    select: text("select") ?? "",
    ...(text("partitions") === undefined ? {} : { partitions: text("partitions") }),
    ...(text("location") === undefined ? {} : { location: text("location") }),
    ...(batches === undefined ? {} : { backfill: /^\d+$/.test(batches) ? { batches: Number(batches) } : batches }),
    ...(text("order") === undefined ? {} : { order: text("order") }),
    ...(text("checks") === undefined ? {} : { checks: text("checks") }),
    ...(most === undefined ? {} : { maxConcurrency: Number(most) }),
    ...(query.get("force") === "true" ? { force: true } : {}),
  };
}

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The same request at the command line. */
export function commandOf(query: URLSearchParams): string {
  const option = (name: Field, flag: string): string => {
    const text = query.get(name)?.trim() ?? "";
    return text === "" ? "" : ` ${flag} ${quoted(text)}`;
  };
  return `iroko materialize --select ${quoted(query.get("select")?.trim() ?? "")}${option("partitions", "--partition")}${option("location", "--location")}${option("backfill", "--backfill")}${option("order", "--order")}${option("maxConcurrency", "--max-concurrency")}${query.get("force") === "true" ? " --force" : ""}`;
}
