/**
 * `npm run conformance -- --vectors DIR` asks Iroko every case of the vector files in a folder (default: test/vectors), and
 * exits 1 if any answer is neither Dagster's nor a listed departure.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readDepartures } from "./departures.ts";
import { runFolder, type TopicReport } from "./run.ts";
import { topics, topicsToCome } from "./topics.ts";

const { values } = parseArgs({
  options: { vectors: { type: "string", default: fileURLToPath(new URL("../vectors", import.meta.url)) } },
});

// npm runs scripts in the repo's root; a relative folder is meant from where it was called.
const folder = resolve(process.env.INIT_CWD ?? "", values.vectors);
const { topics: reports, leftOut } = existsSync(folder)
  ? runFolder(folder, topics, readDepartures(), topicsToCome)
  : { topics: [], leftOut: [] };

console.log(row("topic", "passed", "departed", "failed"));
for (const report of reports) console.log(counts(report.topic, [report]));
console.log(counts("in all", reports));
for (const { file, because } of leftOut) console.log(`left out: ${file} (${because})`);

const failures = reports.flatMap(({ topic, outcomes }) =>
  outcomes.flatMap(({ name, outcome }) => (outcome.kind === "failed" ? [{ topic, name, ...outcome }] : [])),
);
for (const { topic, name, problem } of failures) console.log(`failed: ${topic}: ${name}\n  ${problem.slice(0, 600)}`);
if (reports.length === 0) console.error(`There are no vectors in ${folder}.`);
process.exitCode = failures.length > 0 || reports.length === 0 ? 1 : 0;

function counts(label: string, of: readonly TopicReport[]): string {
  const kinds = of.flatMap(({ outcomes }) => outcomes.map(({ outcome }) => outcome.kind));
  const count = (wanted: string): string => String(kinds.filter((kind) => kind === wanted).length);
  return row(label, count("passed"), count("departed"), count("failed"));
}

function row(label: string, ...columns: readonly string[]): string {
  return label.padEnd(20) + columns.map((column) => column.padStart(10)).join("");
}
