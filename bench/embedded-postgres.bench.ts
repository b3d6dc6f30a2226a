/** How long `iroko` waits for its embedded PostgreSQL: from nothing, with data, attached, and to leave it. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedPostgres } from "../packages/cli/src/embedded/open-embedded-postgres.ts";

const rounds = 5;
const goals = { "from nothing": 1500, "with data": 300, attached: 50, "leave, stopping it": undefined };
const measured: Record<keyof typeof goals, number[]> = {
  "from nothing": [],
  "with data": [],
  attached: [],
  "leave, stopping it": [],
};

async function timed<Result>(what: keyof typeof goals, act: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await act();
  measured[what].push(performance.now() - start);
  return result;
}

for (let round = 0; round < rounds; round += 1) {
  const folder = mkdtempSync(join(tmpdir(), "iroko-bench-"));
  chmodSync(folder, 0o755); // as a project's folder is, so that root's server user can enter it
  const open = (): ReturnType<typeof openEmbeddedPostgres> =>
    openEmbeddedPostgres({ home: join(folder, "home"), say: () => {} });
  await (await timed("from nothing", open)).close();
  const first = await timed("with data", open);
  const second = await timed("attached", open);
  await second.close();
  await timed("leave, stopping it", () => first.close());
  rmSync(folder, { recursive: true });
}

for (const [what, goal] of Object.entries(goals)) {
  const times = measured[what as keyof typeof goals].toSorted((a, b) => a - b);
  const [median, worst] = [times[times.length >> 1] ?? Number.NaN, times.at(-1) ?? Number.NaN];
  console.log(
    `${what.padEnd(20)} median ${median.toFixed(0).padStart(5)} ms, worst ${worst.toFixed(0).padStart(5)} ms${goal === undefined ? "" : `, goal under ${goal} ms`}`,
  );
}
