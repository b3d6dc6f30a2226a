/** The simplest IO manager there is: rows as JSON lines. Tests of the engine use it, since core knows no DuckDB. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import type { IoManager, Relation } from "@iroko/core";

type Row = Readonly<Record<string, unknown>>;

export function jsonLines(path: string): IoManager<"relation"> {
  return {
    kind: "jsonl",
    path,
    extension: ".jsonl",
    async stage(value, slot) {
      const lines: string[] = [];
      for await (const row of rowsOf(value)) lines.push(JSON.stringify(row));
      const text = lines.map((line) => `${line}\n`).join("");
      await writeFile(slot.file, text);
      const sha256 = createHash("sha256").update(text).digest("hex");
      return { rows: lines.length, bytes: Buffer.byteLength(text), sha256, dataVersion: sha256.slice(0, 16) };
    },
    async load({ name, objects }) {
      const texts = await Promise.all(objects.map(({ file }) => readFile(file, "utf8")));
      const rows = texts.flatMap((text) => text.split("\n").filter(Boolean)).map((line) => JSON.parse(line) as Row);
      return relation(name, objects, rows);
    },
  };
}

function relation(name: string, objects: Relation<Row>["objects"], rows: readonly Row[]): Relation<Row> {
  return {
    sql: name,
    objects,
    async *rows() {
      yield* rows;
    },
    count: () => Promise.resolve(rows.length),
  };
}

function rowsOf(value: unknown): AsyncIterable<Row> | Iterable<Row> {
  if (typeof value === "object" && value !== null && "rows" in value) return (value as Relation<Row>).rows();
  return value as Iterable<Row>;
}
