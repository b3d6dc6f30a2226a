/** What a server wants before it lets others reach it, and TLS of its own. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { IrokoError } from "@iroko/core";
import { addUser, createToken, openDatabase, removeUser, revokeToken } from "@iroko/core/engine";
import { startServer, type ServerOptions } from "@iroko/ui";
import { createMigratedDatabase } from "../support/database.ts";
import { selfSigned } from "../support/self-signed.ts";
import { tempDir } from "../support/temp-dir.ts";
import { password } from "./public-server.ts";

const database = await createMigratedDatabase();
const db = openDatabase(database.url);
const folder = tempDir();
after(async () => {
  await db.close();
  await database.drop();
});

const start = (options: Partial<ServerOptions>) => startServer({ instance: { db }, port: 0, ...options });
/** What a refusal says that it lacks. */
async function lacks(options: Partial<ServerOptions>): Promise<string> {
  try {
    const server = await start(options);
    await server.close();
    return "nothing";
  } catch (error) {
    assert.ok(error instanceof IrokoError && error.code === "HOST_NOT_ALLOWED", String(error));
    const hint = error.hint ?? "";
    assert.match(hint, /ssh -L/);
    const flags = { url: /--public-url/, tls: /--tls-cert.*--behind-proxy/, who: /iroko users add/ };
    return Object.entries(flags)
      .flatMap(([name, pattern]) => (pattern.test(hint) ? [name] : []))
      .join(" ");
  }
}

const publicUrl = "https://iroko.example";

test("all that is missing is told at once; any sign of others reaching it is enough to ask for all of it", async () => {
  assert.equal(await lacks({ host: "0.0.0.0" }), "url tls who");
  assert.equal(await lacks({ host: "::", publicUrl }), "tls who");
  assert.equal(await lacks({ host: "0.0.0.0", publicUrl, behindProxy: true }), "who");
  // A proxy reaches the loopback address, too.
  assert.equal(await lacks({ publicUrl }), "tls who");
  assert.equal(await lacks({ behindProxy: true }), "url who");
  assert.equal(await lacks({}), "nothing");
});

test("a user is enough to start, or a token that is good still", async () => {
  const open = { host: "0.0.0.0", publicUrl, behindProxy: true };
  await addUser(db, { name: "ada", role: "viewer", password });
  assert.equal(await lacks(open), "nothing");
  await removeUser(db, "ada");
  const machine = { kind: "machine", name: "test", role: "admin" } as const;
  const { id } = await createToken(db, machine, { name: "x", role: "viewer" });
  assert.equal(await lacks(open), "nothing");
  await revokeToken(db, id);
  assert.equal(await lacks(open), "who");
});

test("a public address that browsers could not open by TLS is refused", async () => {
  for (const url of [
    "http://iroko.example",
    "iroko.example",
    "https://iroko.example/path",
    "https://",
    "https://u:p@x",
    "javascript:1",
  ])
    await assert.rejects(
      start({ host: "0.0.0.0", publicUrl: url, behindProxy: true }),
      (error) => error instanceof IrokoError && error.code === "PUBLIC_URL",
      url,
    );
});

test("the server speaks TLS by itself, and nothing else on that port", async () => {
  await addUser(db, { name: "ada", role: "viewer", password });
  const tls = await selfSigned(folder);
  const port = await freePort();
  const server = await start({ port, publicUrl: `https://localhost:${port}`, tls });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    request(`https://localhost:${port}/login`, { rejectUnauthorized: false }, (answer) => {
      resolve(answer.statusCode);
      answer.resume();
    })
      .on("error", reject)
      .end();
    assert.equal(await promise, 200);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/login`));
  } finally {
    await server.close();
  }
});

test("a certificate that is none, or not the key's, is told by its file before anything listens", async () => {
  const tls = await selfSigned(folder);
  const broken = join(folder, "broken.pem");
  await writeFile(broken, "no pem");
  for (const wrong of [
    { ...tls, cert: broken },
    { ...tls, key: broken },
    { ...tls, key: "/nowhere/key.pem" },
  ])
    await assert.rejects(
      start({ host: "0.0.0.0", publicUrl, tls: wrong }),
      (error) => error instanceof IrokoError && error.code === "TLS_INVALID" && error.message.includes(wrong.key),
    );
});

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as { readonly port: number };
    server.close(() => resolve(port));
  });
  return promise;
}
