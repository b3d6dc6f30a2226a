/** A reporter that ends a run with the files that took longest, each with its seconds from the first test to the last. */
import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";

const shown = 20;

export default async function* slowestFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files: { readonly file: string; readonly seconds: number }[] = [];
  for await (const { type, data } of events) {
    // One without a file is of all of them together.
    if (type === "test:summary" && data.file !== undefined)
      files.push({ file: relative(".", data.file), seconds: data.duration_ms / 1000 });
  }
  const slowest = files.toSorted((one, other) => other.seconds - one.seconds).slice(0, shown);
  yield `The slowest of ${files.length} files:\n`;
  for (const { file, seconds } of slowest) yield `${seconds.toFixed(1).padStart(7)} s  ${file}\n`;
}
