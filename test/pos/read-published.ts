import { DuckDBInstance } from "@duckdb/node-api";

/**
 * The rows of a Parquet file as the oracle writes them: instants in UTC with six digits, decimals, dates and JSON as text.
 * DuckDB writes these texts, each behind a letter: its driver would take a byte order mark off their beginning.
 */
export async function readPublished(file: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    await connection.run("set timezone = 'UTC'");
    const described = await connection.runAndReadAll(`describe from read_parquet('${file.replaceAll("'", "''")}')`);
    const columns = described.getRowObjects().map((row) => ({
      name: String(row["column_name"]),
      type: String(row["column_type"]),
    }));
    const texts = columns.map(({ name, type }) =>
      type === "TIMESTAMP WITH TIME ZONE"
        ? `'.' || strftime("${name}", '%Y-%m-%dT%H:%M:%S.%fZ') as "${name}"`
        : `'.' || "${name}"::varchar as "${name}"`,
    );
    const rows = await connection.runAndReadAll(
      `select ${texts.join(", ")} from read_parquet('${file.replaceAll("'", "''")}')`,
    );
    return rows.getRowObjects().map((row) =>
      Object.fromEntries(
        columns.map(({ name, type }) => {
          const value = row[name] === null ? null : String(row[name]).slice(1);
          return [name, value !== null && type === "BIGINT" ? Number(value) : value];
        }),
      ),
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
