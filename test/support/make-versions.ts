/** An instance whose assets follow the file "n": each time it says something else, making them gives another version. */
import type { Worker } from "@iroko/core/engine";
import { testInstance, type TestInstance, type TestInstanceOptions } from "./test-instance.ts";

const head = `
  import { readFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, retryPolicy, sensitive } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  const said = () => Number(readFileSync(new URL("n", import.meta.url), "utf8"));
`;

/** `numbers` says what the file says; `doubled` reads it. */
export const numbersAndDoubled = `
  const numbers = asset({ key: "numbers", partitions: days, schema, output: jsonLines("numbers"), materialize: () => [{ n: said() }] });
  const doubled = asset({ key: "doubled", partitions: days, schema, output: jsonLines("doubled"), deps: { numbers },
    async materialize(ctx) { const rows = []; for await (const { n } of ctx.deps.numbers.rows()) rows.push({ n: 2 * n }); return rows; } });
  export default define({ assets: [numbers, doubled] });
`;

export interface VersionedInstance extends TestInstance {
  readonly worker: Worker;
  /** Makes assets anew; waits until they are published. */
  make(n: number, select?: string, partitions?: string): Promise<void>;
}

export async function versionedInstance(
  definitions: string = numbersAndDoubled,
  options: TestInstanceOptions = {},
  files: Readonly<Record<string, string>> = {},
): Promise<VersionedInstance> {
  const instance = await testInstance({ "iroko.config.ts": head + definitions, n: "0", ...files }, options);
  await instance.deploy();
  const worker = await instance.startWorker({ slots: 1 });
  return {
    ...instance,
    worker,
    async make(n, select = "*", partitions = "2026-11-01") {
      await instance.project.write("n", String(n));
      const run = await instance.submit({ select, partitions: { kind: "text", text: partitions } });
      const { status } = await instance.ended(run, 60);
      if (status !== "succeeded") throw new Error(`run ${run} ${status}`);
    },
  };
}

/** The partition of 2026-11-01 in Lagos, as tables name it. */
export const firstDay = "2026-10-31T23:00:00Z";
