/** `iroko schedules …`: what is on, what the next nights will run, and pauses that outlive a deploy. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { EmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { cliProject, type CliProject } from "./cli-project.ts";

const definitions = (description: string) => `
  import { z } from "zod";
  import { asset, daily, define, job, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  export const shops = asset({ key: "shops", schema, output: jsonLines("shops"), materialize: () => [{ n: 1 }] });
  export const sales = asset({ key: "sales", partitions: days, deps: { shops }, schema, output: jsonLines("sales"), description: ${JSON.stringify(description)}, materialize: () => [{ n: 1 }] });
  export const other = asset({ key: "other", partitions: days, schema, output: jsonLines("other"), materialize: () => [{ n: 1 }] });
  const nightly = job({ key: "nightly_sales", select: "+sales" });
  export default define({
    assets: [shops, sales, other], jobs: [nightly],
    schedules: [
      schedule({ key: "nightly", job: nightly, cron: "0 2 * * *", timezone: "Africa/Lagos" }),
      schedule({ key: "weekly", job: nightly, cron: "0 3 * * 1", timezone: "Africa/Lagos", enabled: false }),
    ],
  });
`;

let project: CliProject;
let server: EmbeddedPostgres;
before(async () => {
  project = await cliProject({ "iroko.config.ts": definitions("first") });
  server = await project.holdServer();
});
after(async () => {
  await server.close();
  await project[Symbol.asyncDispose]();
});

interface Listed {
  readonly key: string;
  readonly state: string;
  readonly nextTick: string | null;
  readonly selection: string;
}
const list = async (): Promise<readonly Listed[]> =>
  JSON.parse((await project.iroko(["schedules", "list", "--json"])).stdout) as readonly Listed[];

test("list tells which are on, and when they tick next, in their own zone", async () => {
  const [nightly, weekly] = await list();
  assert.deepEqual(
    [nightly?.state, weekly?.state, weekly?.nextTick, nightly?.selection],
    ["on", "off", null, "+sales"],
  );
  const next = Temporal.Instant.from(nightly?.nextTick ?? "").toZonedDateTimeISO("Africa/Lagos");
  assert.deepEqual([next.hour, next.minute], [2, 0]);
  const { stdout } = await project.iroko(["schedules", "list"]);
  assert.match(
    stdout,
    new RegExp(
      `nightly +on +0 2 \\* \\* \\* +Africa/Lagos +nightly_sales +${next.toPlainDate().toString()} 02:00 \\+01:00`,
    ),
  );
});

test("preview tells the partitions and steps of each tick to come", async () => {
  const { stdout, exitCode } = await project.iroko(["schedules", "preview", "nightly", "--ticks", "3", "--json"]);
  assert.equal(exitCode, 0);
  const [preview] = JSON.parse(stdout) as readonly {
    readonly ticks: readonly {
      readonly at: string;
      readonly partitions: string;
      readonly plan: {
        readonly steps: number;
        readonly assets: readonly { readonly asset: string; readonly partitions: string }[];
      };
    }[];
  }[];
  assert.equal(preview?.ticks.length, 3);
  for (const { at, partitions, plan } of preview?.ticks ?? []) {
    const dayBefore = Temporal.Instant.from(at)
      .toZonedDateTimeISO("Africa/Lagos")
      .toPlainDate()
      .subtract({ days: 1 })
      .toString();
    assert.equal(partitions, dayBefore);
    assert.deepEqual(
      plan.assets.map(({ asset, partitions: of }) => [asset, of]),
      [
        ["shops", ""],
        ["sales", dayBefore],
      ],
    );
    assert.equal(plan.steps, 2);
  }
  const text = await project.iroko(["schedules", "preview"]);
  assert.match(
    text.stdout,
    /^nightly 0 2 \* \* \* in Africa\/Lagos\n {2}\d{4}-\d\d-\d\d 02:00 \+01:00 \(\d{4}-\d\d-\d\dT01:00:00Z\) (\d{4}-\d\d-\d\d): .*\n {4}shops {2}1 step\n {4}sales@\1 {2}1 step\n/,
  );
  assert.match(text.stdout, /weekly .* \(off in code\)/);
  assert.equal((await project.iroko(["runs", "list", "--json"])).stdout.trim(), "[]", "nothing was started");
});

test("a pause holds over new definitions, until it is resumed", async () => {
  const paused = await project.iroko(["schedules", "pause", "nightly", "--json"]);
  assert.equal(paused.exitCode, 0, paused.stderr);
  assert.deepEqual(JSON.parse(paused.stdout), { schedule: "nightly", paused: true });
  await project.write("iroko.config.ts", definitions("second"));
  assert.deepEqual(
    (await list()).map(({ state, nextTick }) => [state, nextTick]),
    [
      ["paused", null],
      ["off", null],
    ],
  );
  assert.equal((await project.iroko(["schedules", "resume", "nightly"])).exitCode, 0);
  assert.equal((await list())[0]?.state, "on");
});

test("a schedule that is not there is refused with those that are", async () => {
  for (const verb of ["preview", "pause", "resume"]) {
    const { exitCode, stderr } = await project.iroko(["schedules", verb, "hourly"]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /SCHEDULE_NOT_FOUND There is no schedule "hourly"[\s\S]*nightly, weekly/);
  }
});
