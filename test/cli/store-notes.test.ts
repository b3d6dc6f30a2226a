/** What a store does not enforce is said by whatever uses it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openProbed } from "../../packages/cli/src/session.ts";
import { startHttpFaultProxy, type HttpFaultProxy } from "../support/http-fault-proxy.ts";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import type { S3Server } from "../support/s3-server.ts";

let server: S3Server;
let proxy: HttpFaultProxy;
before(async () => {
  if (skipWithoutMinio) return;
  server = await startMinio();
  proxy = await startHttpFaultProxy(server.endpoint);
  Object.assign(process.env, server.env, { AWS_ENDPOINT_URL_S3: proxy.endpoint });
});
after(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await server?.stop();
});

type Given = Parameters<typeof openProbed>;

async function saidOf(uri: string): Promise<readonly string[]> {
  const said: string[] = [];
  const [project, terminal] = [{ storeUri: uri }, { say: (text: string) => void said.push(text) }];
  const store = await openProbed(project as Given[0], terminal as Given[1]);
  await store.close();
  return said;
}

test(
  "a store without conditional requests is told of at the start, one with them is not",
  { skip: skipWithoutMinio },
  async () => {
    assert.deepEqual(await saidOf(`s3://${server.bucket}/notes`), []);
    proxy.decide = (_method, _url, headers) =>
      headers["if-match"] !== undefined || headers["if-none-match"] !== undefined
        ? { kind: "answer", status: 501, code: "NotImplemented" }
        : undefined;
    const said = await saidOf(`s3://${server.bucket}/notes`);
    assert.match(said.join("\n"), /ignores If-None-Match on a put/);
    assert.match(said.join("\n"), /enforces no condition/);
  },
);
