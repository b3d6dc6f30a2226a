/** A store that says yes to every condition and looks at none: it is found out, said aloud, and written to with care. */
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { openStore } from "@iroko/assets";
import { createTempDir } from "../support/temp-dir.ts";
import { contentOf, makeFile } from "../stores/local-file.ts";

test("a store that ignores conditions is found out by its probe; keys are still written once and versions kept in order", async (t) => {
  using folder = createTempDir("careless");
  await using server = await startCarelessStore();
  const env = { AWS_ENDPOINT_URL_S3: server.endpoint, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  const store = await openStore("s3://bucket/x", { env });
  const abilities = await store.probe();
  assert.deepEqual(
    {
      conditionalPut: abilities.conditionalPut,
      conditionalMultipart: abilities.conditionalMultipart,
      publishBy: abilities.publishBy,
    },
    { conditionalPut: false, conditionalMultipart: false, publishBy: "unconditional" },
  );
  assert.match(abilities.notes.join("\n"), /ignores If-None-Match.*\n.*enforces no condition/);

  await store.stage("_v/once", makeFile(folder.path, "first"));
  assert.equal((await store.stage("_v/once", makeFile(folder.path, "first"))).bytes, 5);
  await assert.rejects(store.stage("_v/once", makeFile(folder.path, "other")), { code: "OBJECT_CONFLICT" });

  for (const version of [1, 2, 3]) await store.stage(`_v/${version}`, makeFile(folder.path, `version ${version}`));
  const outcomes: string[] = [];
  for (const version of [1, 3, 2, 3])
    outcomes.push((await store.publish(`_v/${version}`, "stable", { incarnation: 1, version })).outcome);
  assert.deepEqual(outcomes, ["published", "published", "newerThere", "alreadyCurrent"]);
  await store.download("stable", join(folder.path, "stable"));
  assert.equal(contentOf(join(folder.path, "stable")), "version 3");
  await store.close();
  t.diagnostic(`probe: publishes by ${abilities.publishBy}; "${abilities.notes.join(" ")}"`);
});

interface CarelessStore extends AsyncDisposable {
  readonly endpoint: string;
}

interface StoredObject {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** As little of S3 as publishing asks for, in memory, and not one condition of it. */
async function startCarelessStore(): Promise<CarelessStore> {
  const objects = new Map<string, StoredObject>();
  const uploads = new Map<string, { readonly headers: StoredObject["headers"]; readonly parts: Map<string, Buffer> }>();
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: key, searchParams: query } = new URL(request.url ?? "", "http://store");
    const body = await buffer(request);
    const upload = uploads.get(query.get("uploadId") ?? "");
    const copied = objects.get(decodeURIComponent(String(request.headers["x-amz-copy-source"] ?? "")));
    const xml = (text: string): void => void response.setHeader("content-type", "application/xml").end(text);
    if (query.has("list-type")) return xml("<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>");
    switch (request.method) {
      case "PUT": {
        const content = copied?.body ?? body;
        if (upload) upload.parts.set(query.get("partNumber") ?? "", content);
        else objects.set(key, { body: content, headers: metadataOf(request) });
        response.setHeader("etag", etagOf(content));
        if (copied === undefined) return void response.end();
        return xml(`<Copied><ETag>${etagOf(content)}</ETag></Copied>`);
      }
      case "POST": {
        if (upload === undefined) {
          const id = randomUUID();
          uploads.set(id, { headers: metadataOf(request), parts: new Map() });
          return xml(`<Created><UploadId>${id}</UploadId></Created>`);
        }
        const whole = Buffer.concat([...upload.parts.values()]);
        objects.set(key, { body: whole, headers: upload.headers });
        return xml(`<Completed><ETag>${etagOf(whole)}</ETag></Completed>`);
      }
      case "DELETE":
        objects.delete(key);
        return void response.writeHead(204).end();
      default: {
        const found = objects.get(key);
        if (found === undefined) {
          response.statusCode = 404;
          return xml(request.method === "HEAD" ? "" : "<Error><Code>NoSuchKey</Code></Error>");
        }
        response.writeHead(200, { ...found.headers, etag: etagOf(found.body), "content-length": found.body.length });
        return void response.end(request.method === "HEAD" ? undefined : found.body);
      }
    }
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const etagOf = (body: Buffer): string => `"${createHash("md5").update(body).digest("hex")}"`;

function metadataOf({ headers }: IncomingMessage): StoredObject["headers"] {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (name.startsWith("x-amz-meta-") ? [[name, String(value)]] : [])),
  );
}
