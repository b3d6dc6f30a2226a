/**
 * `npm run conformance -- --vectors DIR` asks Iroko every case of the vector files in a folder (default: test/vectors), and
 * exits 1 if any answer is neither Dagster's nor a listed departure, 2 if there is nothing to ask or a file cannot be read.
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readDepartures } from "./departures.ts";
import { runFolder, VectorsError, type TopicReport } from "./run.ts";
import { topics, topicsToCome } from "./topics.ts";

try {
  report(
    parseArgs({
      options: { vectors: { type: "string", default: fileURLToPath(new URL("../vectors", import.meta.url)) } },
    }).values.vectors,
  );
} catch (error) {
  if (!(error instanceof VectorsError || isUsageError(error))) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

function report(vectors: string): void {
  // npm runs scripts in the repo's root; a relative folder is meant from where it was called.
  const folder = resolve(process.env.INIT_CWD ?? "", vectors);
  const { topics: reports, leftOut } = runFolder(folder, topics, readDepartures(), topicsToCome);
  console.log(row("topic", "passed", "departed", "failed"));
  for (const report of reports) console.log(counts(report.topic, [report]));
  console.log(counts("in all", reports));
  for (const { file, because } of leftOut) console.log(`left out: ${file} (${because})`);

  const failures = reports.flatMap(({ topic, outcomes }) =>
    outcomes.flatMap(({ name, outcome }) => (outcome.kind === "failed" ? [{ topic, name, ...outcome }] : [])),
  );
  for (const { topic, name, problem } of failures) console.log(`failed: ${topic}: ${name}\n  ${problem.slice(0, 600)}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

/** What `parseArgs` says of options that there are not. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

function counts(label: string, of: readonly TopicReport[]): string {
  const kinds = of.flatMap(({ outcomes }) => outcomes.map(({ outcome }) => outcome.kind));
  const count = (wanted: string): string => String(kinds.filter((kind) => kind === wanted).length);
  return row(label, count("passed"), count("departed"), count("failed"));
}

function row(label: string, ...columns: readonly string[]): string {
  return label.padEnd(20) + columns.map((column) => column.padStart(10)).join("");
}
