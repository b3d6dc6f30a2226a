/** A small project as a user would write it: types as strict as they come, and assets of both kinds. */

const config = `import { asset, daily, define, type RowOf } from "@iroko/core";
import { parquet, sqlAsset, unique } from "@iroko/assets";
import { z } from "zod";

export const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
export const Greeting = z.object({ name: z.string(), day: z.string() });

export const names = asset({
  key: "names",
  partitions: days,
  schema: Greeting,
  output: parquet({ path: "names" }),
  materialize: (ctx): RowOf<typeof Greeting>[] => ["Ada", "Bola"].map((name) => ({ name, day: ctx.partition.key })),
});

export const greetings = sqlAsset({
  key: "greetings",
  partitions: days,
  schema: z.object({ greeting: z.string() }),
  deps: { names },
  sql: "select 'Hello, ' || name as greeting from names",
  checks: [unique("greeting")],
});

export default define({ assets: [names, greetings] });
`;

const client = `import { openClient, type Run } from "@iroko/core/client";

const client = openClient({ url: "http://127.0.0.1:1", timeoutMs: 1_000 });

export async function failedRuns(): Promise<readonly Run[]> {
  const { items } = await client.runs.list({ status: "failed" });
  return items;
}

// @ts-expect-error -- there is no such status
export const never = () => client.runs.list({ status: "fine" });
// @ts-expect-error -- a run has an id
export const nobody = () => client.runs.get();

await failedRuns().catch((error: Error & { code?: string }) => console.log(error.code));
`;

const tsconfig = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    declaration: true,
    skipLibCheck: false,
    outDir: "out",
  },
  include: ["iroko.config.ts", "client.ts"],
};

export const userProject: Readonly<Record<string, string>> = {
  "iroko.config.ts": config,
  "client.ts": client,
  "tsconfig.json": JSON.stringify(tsconfig, null, 2),
  "package.json": JSON.stringify({ name: "a-user", private: true, type: "module" }, null, 2),
};
