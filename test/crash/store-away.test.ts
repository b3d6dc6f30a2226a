/**
 * The store goes away under a backfill for longer than any step's retries would last: steps wait for it without
 * being blamed, the worker goes on with what needs no store, and all of it is there when the store is back.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "@iroko/assets";
import { listEvents, listSteps, listWorkers, runProgress } from "@iroko/core/engine";
import { faultProxy, type Faults } from "../support/fault-proxy.ts";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import { runCli } from "../support/run-cli.ts";
import { location, testInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { effort } from "./effort.ts";
import { assertAtRest } from "./invariants.ts";

const patient = { seconds: 120, everyMilliseconds: 50 };
/** Its definition allows no retry: one that counted would be one too many. */
const waits = 1;

const definitions = `
  import { z } from "zod";
  import { asset, daily, define, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-01-01" });
  const schema = z.object({ n: z.int() });
  const retry = retryPolicy({ maxRetries: 0 });
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  export const many = asset({
    key: "many", partitions: days, schema, output: jsonLines("many"), retry,
    async materialize() { await pause(30); return [{ n: 1 }]; },
  });
  export const pure = asset({ key: "pure", retry, materialize: () => undefined });
  export default define({ assets: [many, pure] });
`;

const ways: Readonly<Record<string, Faults>> = {
  "resets every connection": { refuse: true },
  ...effort({}, { "answers nothing": { blackhole: "both" } satisfies Faults }),
};

for (const [how, faults] of Object.entries(ways)) {
  test(
    `a store that ${how}: steps wait and are not blamed, and the backfill ends whole`,
    { skip: skipWithoutMinio, timeout: 600_000 },
    async (t) => {
      await using server = await startMinio();
      const uri = `s3://${server.bucket}/away`;
      Object.assign(process.env, server.env);
      await using instance = await testInstance({ "iroko.config.ts": definitions }, { store: uri });
      await using proxy = await faultProxy(Number(new URL(server.endpoint).port));
      const env = { ...server.env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${proxy.port}` };
      const store = await openStore(uri, { env, requestSeconds: 0.5 });
      const { snapshot } = await instance.deploy();
      await store.probe();
      await instance.startWorker({ slots: 2, ttlSeconds: 30, store });
      const run = await instance.submit({
        select: "many",
        partitions: { kind: "text", text: "2026-01-01..2026-01-15" },
      });
      await waitFor("some of it", async () => ((await runProgress(instance.db, run))?.succeeded ?? 0) > 3, patient);

      proxy.set(faults);
      proxy.reset();
      const waiting = await waitFor(
        "a step to have waited often",
        async () =>
          (await listSteps(instance.db, run, { limit: 100 })).find(
            (step) => step.status === "ready" && step.attempt > waits,
          ),
        patient,
      );
      assert.match(waiting.deferredReason ?? "", /^waits for the store: /);
      const beside = await instance.submit({ select: "pure", partitions: { kind: "unspecified" } });
      assert.equal((await instance.ended(beside, 120)).status, "succeeded");
      const cli = {
        cwd: instance.project.folder,
        env: { ...env, DATABASE_URL: instance.databaseUrl, IROKO_STORE: uri, IROKO_HOME: undefined },
        seconds: 240,
      };
      const shown = await runCli(["runs", "show", run], cli);
      assert.match(shown.stdout + shown.stderr, /waits for the store/);
      if ("refuse" in faults) {
        const doctor = await runCli(["doctor", "--location", location], cli);
        assert.equal(doctor.exitCode, 1);
        assert.match(doctor.stdout, /wrong +store +STORE_UNREACHABLE [^\n]*127\.0\.0\.1/);
      }
      proxy.set();
      proxy.reset();
      assert.equal((await instance.ended(run, 240)).status, "succeeded");
      const blamed = (await listEvents(instance.db, {}, { limit: 1000 })).filter(
        ({ type, payload }) =>
          /failed|lost/.test(type) &&
          !(type === "attempt_failed" && JSON.stringify(payload).includes("STORE_UNREACHABLE")),
      );
      assert.deepEqual(blamed, []);
      assert.equal((await listWorkers(instance.db)).length, 1);
      assert.deepEqual((await assertAtRest(instance.db, instance.store, snapshot)).orphans, []);
      const most = Math.max(...(await listSteps(instance.db, run, { limit: 100 })).map(({ attempt }) => attempt));
      t.diagnostic(`15 steps without a retry, up to ${most} tries each; none failed, no object without a name`);
      await store.close();
    },
  );
}
