// node generate.ts --help
import { parseArgs } from "node:util";
import { generate } from "./src/generate.ts";

const usage = `Makes buffer.db and merchants.csv: POS transactions with everything that goes wrong in the field.

  node generate.ts [options]
    --out FOLDER      where to write (default: data)
    --from DATE       the first day, in Lagos (default: 2026-11-01)
    --days N          how many days (default: 7)
    --records N       rows per day (default: 2000)
    --merchants N     how many merchants (default: 400)
    --seed N          another seed, other data (default: 1)
    --dirt SHARE      the share of odd rows, 0 to 1 (default: 0.1)
    --quiet DATE      a day with few records; may be repeated
    --quiet-share S   what a quiet day has of a day's records, 0 to 1 (default: 0.05)
    --keep            leave files that are already there
    --help`;

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(`${error.message}\nSee: node generate.ts --help`);
  process.exitCode = 2;
}

function main(): number {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: "data" },
      from: text,
      days: text,
      records: text,
      merchants: text,
      seed: text,
      dirt: text,
      quiet: { type: "string", multiple: true },
      "quiet-share": text,
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const started = performance.now();
  const made = generate({
    out: values.out,
    keep: values.keep,
    ...(values.from === undefined ? {} : { from: values.from }),
    ...(values.quiet === undefined ? {} : { quietDays: values.quiet }),
    ...number("days", values.days),
    ...number("recordsPerDay", values.records),
    ...number("merchants", values.merchants),
    ...number("seed", values.seed),
    ...number("dirt", values.dirt),
    ...number("quietShare", values["quiet-share"]),
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    made.kept ? `kept ${made.buffer} and ${made.merchants}` : `${made.buffer}: ${made.rows} rows, ${seconds} s`,
  );
  return 0;
}

/** An option that was given, as a number; `generate` refuses NaN, by the option's name. */
function number(name: string, text: string | undefined): Record<string, number> {
  return text === undefined ? {} : { [name]: Number(text) };
}
