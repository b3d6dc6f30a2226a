/**
 * What a user's project of 2,000 chained assets costs `tsc --noEmit`, over 40 files and in one.
 *
 * Each asset has a schema of its own, partitions, and the one before it among its deps, whose rows it reads: two functions,
 * then two SQL assets, in turn. Beside them, of the same size: plain TypeScript with interfaces, and the zod schemas alone.
 * The packages are seen as users see them, by their declarations, which `tsc -b` writes first.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    assets: { type: "string", default: "2000" },
    rounds: { type: "string", default: "3" },
    /** Leaves the projects where they are, to be looked at with `tsc --generateTrace`. */
    keep: { type: "boolean", default: false },
  },
});
const assets = Number(values.assets);
const rounds = Number(values.rounds);
const assetsPerFile = 50;
const repo = join(import.meta.dirname, "..");
const tsc = [process.execPath, join(repo, "node_modules/typescript/bin/tsc")];

interface Shape {
  readonly name: string;
  readonly perFile: number;
  /** For the compiler. */
  readonly args?: readonly string[];
  readonly head: string;
  /** The declaration of the asset of that number. */
  readonly declare: (n: number) => string;
}

const interfaces: Omit<Shape, "name" | "perFile" | "args"> = {
  head: "",
  declare: (n) => `
export interface Row${n} { readonly id: string; readonly amount: number; readonly at: Date; readonly channel: "chip" | "swipe" | null; readonly c${n}: number }
export const a${n} = { key: "a${n}", group: "bench", async *materialize(rows: AsyncIterable<${n === 0 ? "{ readonly id: string }" : `Row${n - 1}`}>): AsyncGenerator<Row${n}> {
  for await (const row of rows) yield { ${n === 0 ? 'id: row.id, amount: 1, at: new Date(), channel: "chip"' : "...row"}, c${n}: ${n} };
} };`,
};

const schema = (n: number): string =>
  `z.object({ id: z.string(), amount: z.number(), at: z.iso.datetime(), channel: z.enum(["chip", "swipe"]).nullable(), c${n}: z.int() })`;

const schemas: Omit<Shape, "name" | "perFile" | "args"> = {
  head: `import { z } from "zod";`,
  declare: (n) => `
export const a${n} = ${schema(n)};
export function read${n}(row: z.output<typeof ${n === 0 ? "a0" : `a${n - 1}`}>): string { return row.id; }`,
};

const chain: Omit<Shape, "name" | "perFile" | "args"> = {
  head: `import { asset, daily } from "@iroko/core";
import { parquet, sqlAsset, unique } from "@iroko/assets";
import { z } from "zod";
const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });`,
  declare: (n) => {
    const common = `key: "a${n}", group: "bench", partitions: days, schema: ${schema(n)}, checks: [unique("id")],`;
    const deps = n === 0 ? "" : `deps: { up: a${n - 1} },`;
    if (n % 4 >= 2)
      return `\nexport const a${n} = sqlAsset({ ${common} ${deps} sql: "select *, ${n} as c${n} from up" });`;
    const body =
      n === 0
        ? "materialize: () => []"
        : `materialize: async function* (ctx) { for await (const { id, amount, at, channel } of ctx.deps.up.rows()) yield { id: id + ctx.partition.key, amount, at, channel, c${n}: ${n} }; }`;
    return `\nexport const a${n} = asset({ ${common} ${deps} output: parquet({ path: "bench/a${n}" }), ${body} });`;
  },
};

const shapes: readonly Shape[] = [
  { name: "plain interfaces, 40 files", perFile: assetsPerFile, ...interfaces },
  { name: "zod schemas alone, 40 files", perFile: assetsPerFile, ...schemas },
  { name: "assets, 40 files", perFile: assetsPerFile, ...chain },
  // By default several check at once, and each works out for itself what the chain above its files is.
  { name: "assets, 40 files, 1 checker", perFile: assetsPerFile, args: ["--checkers", "1"], ...chain },
  { name: "assets, one file", perFile: assets, ...chain },
];

interface Cost {
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number;
  readonly instantiations: number;
}

run(["-b", join(repo, "packages/assets")]);
const folder = mkdtempSync(join(tmpdir(), "iroko-types-"));
const costs = new Map<string, Cost[]>(shapes.map(({ name }) => [name, []]));
const projects = shapes.map((shape, at) => ({
  name: shape.name,
  args: shape.args ?? [],
  path: writeProject(join(folder, String(at)), shape),
}));
for (let round = 0; round < rounds; round += 1) {
  for (const { name, path, args } of projects) costs.get(name)!.push(check(path, args));
}
if (values.keep) console.log(folder);
else rmSync(folder, { recursive: true });

console.log(`${`${assets} assets, medians of ${rounds}`.padEnd(32)} wall s  user s   MiB  instantiations each`);
for (const [name, rows] of costs) {
  const median = (field: keyof Cost): number => rows.map((row) => row[field]).toSorted((a, b) => a - b)[rounds >>> 1]!;
  const shown = [median("wall").toFixed(2), median("cpu").toFixed(2), median("memory").toFixed(0)];
  const each = (median("instantiations") / assets).toFixed(0);
  console.log(`${name.padEnd(32)}${shown.map((text) => text.padStart(7)).join(" ")}${each.padStart(10)}`);
}

function writeProject(path: string, { perFile, head, declare }: Shape): string {
  mkdirSync(path);
  symlinkSync(join(repo, "node_modules"), join(path, "node_modules"));
  writeFileSync(join(path, "package.json"), JSON.stringify({ type: "module", private: true }));
  const compilerOptions = {
    ...{ target: "esnext", lib: ["esnext"], module: "nodenext", types: ["node"], strict: true, skipLibCheck: true },
    ...{
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      allowImportingTsExtensions: true,
    },
  };
  writeFileSync(join(path, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  for (let from = 0; from < assets; from += perFile) {
    const to = Math.min(from + perFile, assets);
    const before =
      from === 0
        ? ""
        : `import { a${from - 1}${head === "" ? `, type Row${from - 1}` : ""} } from "./f${from - perFile}.ts";`;
    const lines = Array.from({ length: to - from }, (_, at) => declare(from + at));
    const unused = from > 0 && head === "" ? `\nvoid a${from - 1};` : "";
    writeFileSync(join(path, `f${from}.ts`), `${head}\n${before}${lines.join("")}${unused}\n`);
  }
  return path;
}

function check(path: string, args: readonly string[]): Cost {
  const from = performance.now();
  const text = run(["-p", path, "--extendedDiagnostics", ...args]);
  const wall = (performance.now() - from) / 1000;
  const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+([\\d.]+)`, "m").exec(text)?.[1]);
  // `times` of the shell: a line of its own, a line of its children.
  const [, minutes, seconds] = /(\d+)m([\d.]+)s \d+m[\d.]+s\s*$/.exec(text) ?? [];
  return {
    wall,
    cpu: Number(minutes) * 60 + Number(seconds),
    memory: figure("Memory used") / 1024,
    instantiations: figure("Instantiations"),
  };
}

function run(args: readonly string[]): string {
  const { status, stdout } = spawnSync("sh", ["-c", '"$@"; s=$?; times; exit $s', "sh", ...tsc, ...args], {
    cwd: repo,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  if (status !== 0) throw new Error(`tsc ${args.join(" ")}: ${stdout.slice(0, 2000)}`);
  return stdout;
}
