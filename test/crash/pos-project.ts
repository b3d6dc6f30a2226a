/** The example's POS pipeline as a project to be crashed: its own sources, and days of its own data, small ones. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { addLateRecords, generate } from "../../examples/pos-pipeline/src/generate.ts";

const example = join(import.meta.dirname, "../../examples/pos-pipeline");
const first = Temporal.PlainDate.from("2026-11-01");
/** When the first late records are taken in: after the last of all days. */
const late = Temporal.Instant.from("2026-11-20T12:00:00Z");

export interface PosProject {
  readonly files: Readonly<Record<string, string>>;
  readonly days: readonly [string, ...string[]];
  /** Where the workers find the data. */
  readonly env: Readonly<Record<"POS_BUFFER" | "POS_MERCHANTS", string>>;
  /** More of every day arrives: what is made next is another version. */
  more(): void;
}

/** @param folder for the data, made here */
export function posProject(folder: string, dayCount: number, recordsPerDay: number): PosProject {
  const days = Array.from({ length: dayCount }, (_, n) => first.add({ days: n }).toString()) as [string, ...string[]];
  const { buffer, merchants } = generate({ out: folder, days: dayCount, recordsPerDay });
  const sources = readdirSync(join(example, "src")).filter((name) => name.endsWith(".ts"));
  let arrived = 0;
  return {
    files: {
      // Without the schedule: it would ask for runs of its own.
      "iroko.config.ts": `
        import { define } from "@iroko/core";
        import { cleaned } from "./src/cleaned.ts";
        import { deliveries, landing } from "./src/landing.ts";
        import { merchants, merchantsFile } from "./src/merchants.ts";
        import { revenue } from "./src/revenue.ts";
        export default define({ assets: [deliveries, landing, merchantsFile, merchants, cleaned, revenue] });
      `,
      ...Object.fromEntries(
        sources
          .filter((name) => name !== "generate.ts")
          .map((name) => [`src/${name}`, readFileSync(join(example, "src", name), "utf8")]),
      ),
    },
    days,
    env: { POS_BUFFER: buffer, POS_MERCHANTS: merchants },
    more() {
      arrived += 1;
      addLateRecords(folder, { days, recordsPerDay: 5, takenInAt: late.add({ minutes: arrived }) });
    },
  };
}
