import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { IrokoError, resource, type Relation, type Resource, type StepScope, type WithEnv } from "@iroko/core";
import { z } from "zod";
import { escapeGlob, identifier, literal } from "../duckdb/quote.ts";
import { relationOf } from "../duckdb/relation.ts";
import { digestFile } from "../parquet/file-digest.ts";

export interface CsvFileOptions {
  readonly path: string;
}

const config = z.object({ path: z.string().min(1) });

/**
 * A CSV file on this machine: RFC 4180, UTF-8, with a header. Everything in it is text; an empty field is NULL.
 *
 * @example const merchantsFile = csvFile({ path: env("POS_MERCHANTS", { default: "data/merchants.csv" }) });
 */
export const csvFile: (options: WithEnv<CsvFileOptions>) => Resource<CsvFile> = resource({
  key: "csv_file",
  config,
  open: ({ path }, scope) => new CsvFile(path, scope),
});

/** A CSV file as a step sees it. */
export class CsvFile {
  readonly #path: string;
  readonly #scope: StepScope;

  constructor(path: string, scope: StepScope) {
    this.#path = path;
    this.#scope = scope;
  }

  /**
   * Its rows, once the header has been found to be exactly these names.
   *
   * @throws {IrokoError} SOURCE_NOT_FOUND, SOURCE_COLUMNS
   */
  read(...columns: readonly string[]): Relation<never> {
    this.#requireFile();
    const found = headerOf(this.#path);
    if (found.join("\n") !== columns.join("\n")) throw otherColumns(this.#path, columns, found);
    const types = columns.map((name) => `${literal(name)}: 'VARCHAR'`).join(", ");
    const text = `select ${columns.map((name) => identifier(name)).join(", ")} from read_csv(
      ${literal(escapeGlob(this.#path))}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
      nullstr = '', allow_quoted_nulls = true, columns = {${types}})`;
    const source = { subject: `csvFile ${this.#path}`, text };
    return relationOf<never>(this.#scope, { query: { source, params: {}, relations: {} } });
  }

  /** Hex SHA-256 of the file: the data version of an external asset. */
  async sha256(): Promise<string> {
    this.#requireFile();
    return (await digestFile(this.#path, this.#scope.signal)).sha256;
  }

  #requireFile(): void {
    if (existsSync(this.#path)) return;
    throw new IrokoError("SOURCE_NOT_FOUND", `There is no file ${this.#path}.`, {
      hint: "Set the path that csvFile({ path }) refers to, or the environment variable it comes from.",
      details: { path: this.#path },
    });
  }
}

function otherColumns(path: string, wanted: readonly string[], found: readonly string[]): IrokoError {
  const missing = wanted.filter((name) => !found.includes(name));
  const unknown = found.filter((name) => !wanted.includes(name));
  const said = [
    ...(missing.length > 0 ? [`it lacks ${missing.join(", ")}`] : []),
    ...(unknown.length > 0 ? [`it has ${unknown.join(", ")}, which nothing here knows`] : []),
  ];
  return new IrokoError(
    "SOURCE_COLUMNS",
    `The columns of ${path} are not those asked for: ${said.length > 0 ? said.join("; ") : "they stand in another order"}.`,
    { hint: `Its header must read ${wanted.join(",")}.`, details: { path, missing, unknown } },
  );
}

const longestHeader = 2 ** 16;

/** The names in the first line, without the byte order mark that spreadsheets write. */
function headerOf(path: string): string[] {
  const file = openSync(path, "r");
  try {
    const block = Buffer.alloc(longestHeader);
    const text = block.toString("utf8", 0, readSync(file, block, 0, longestHeader, 0));
    const [line = ""] = text.replace(/^\uFEFF/, "").split(/\r?\n/, 1);
    return line.split(",").map((name) => name.replace(/^"(.*)"$/, "$1").replaceAll('""', '"'));
  } finally {
    closeSync(file);
  }
}
