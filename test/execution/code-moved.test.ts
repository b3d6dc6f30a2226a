/** Code that changes under steps: workers whose file is no longer what they have loaded, and old and new code side by side. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listSteps, listWorkers } from "@iroko/core/engine";
import { testInstance } from "../support/test-instance.ts";

/** Its first attempt takes its process along. */
const fragile = (codeVersion: string): string => `
  import { z } from "zod";
  import { asset, define, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  export const fragile = asset({
    key: "fragile", codeVersion: "${codeVersion}", schema: z.object({ code: z.string() }), output: jsonLines("fragile"),
    retry: retryPolicy({ maxRetries: 1, baseSeconds: 0.01, capSeconds: 0.01 }),
    async materialize(ctx) {
      if (ctx.attempt === 1) { process.kill(process.pid, "SIGKILL"); await new Promise(() => {}); }
      return [{ code: "${codeVersion}" }];
    },
  });
  export default define({ assets: [fragile] });
`;

test("a worker whose file holds other code by now runs none of it: it stops, and its step goes on where the code is", async () => {
  await using instance = await testInstance({ "iroko.config.ts": fragile("1") });
  await instance.deploy();
  const run = await instance.submit({ select: "fragile", partitions: { kind: "unspecified" } });
  const worker = await instance.startWorker({ slots: 1 });
  await instance.project.write("iroko.config.ts", fragile("2"));
  await assert.rejects(worker.stopped, (error: { code?: string; message: string }) => {
    assert.equal(error.code, "CODE_MOVED");
    assert.match(error.message, /iroko\.config\.ts has changed since this process loaded it/);
    return true;
  });
  const [waiting] = await listSteps(instance.db, run, { limit: 1 });
  assert.equal(waiting?.status, "ready");
  assert.deepEqual(await listWorkers(instance.db), []);

  await instance.project.write("iroko.config.ts", fragile("1"));
  await instance.startWorker({ slots: 1 });
  await instance.ended(run, 60);
  const [step] = await listSteps(instance.db, run, { limit: 1 });
  assert.deepEqual(
    [step?.status, step?.deaths.map(({ of, cause }) => `${of} ${cause}`)],
    ["succeeded", ["child killed", "worker drained"]],
  );
});
