/** docs/guide/deploy.md is followed to the letter, short of systemd itself: a real PostgreSQL, a real MinIO, the page's files and commands. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { footerOf, openStore } from "@iroko/assets";
import { openEmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { generate } from "../../examples/pos-pipeline/src/generate.ts";
import { minio } from "../support/minio.ts";
import { goTool } from "../support/s3-server.ts";
import { createTempDir, tempDir } from "../support/temp-dir.ts";
import { withClient } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";
import { blocksOf, firstMissing } from "./doc-blocks.ts";
import { PageServer } from "./page-server.ts";

const page = "guide/deploy.md";
const repo = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
const mc = goTool("mc", "github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9");
const missing = [minio.tool, mc].flatMap((tool) => ("missing" in tool ? [tool.missing] : []));

test(
  "the example is deployed as the page says, and makes a day",
  { skip: missing[0] ?? false, timeout: 300_000 },
  async () => {
    using root = createTempDir("deploy");
    const [minioPort, servePort] = await freePorts(2);
    await using postgres = await openAdministrated(join(root.path, "postgres"));
    await using server = new PageServer({
      root: root.path,
      addresses: {
        "127.0.0.1:9000": `127.0.0.1:${minioPort}`,
        "127.0.0.1:5432": `127.0.0.1:${new URL(postgres.databaseUrl).port}`,
        "127.0.0.1:3939": `127.0.0.1:${servePort}`,
        "--port 3939": `--port ${servePort}`,
      },
      links: {
        "/srv/iroko": repo,
        "/usr/local/bin/minio": "path" in minio.tool ? minio.tool.path : "",
        "/usr/local/bin/mc": "path" in mc ? mc.path : "",
      },
    });
    mkdirSync(server.path("/var/lib/pos"), { recursive: true });
    generate({ out: server.path("/var/lib/pos"), days: 2, recordsPerDay: 500 });

    let printed = "";
    for (const { place, marker, text } of blocksOf(page)) {
      if (marker.kind === "file") server.write(marker.path, text);
      if (marker.kind === "sql") {
        for (const statement of text.split(";\n").filter(Boolean))
          await withClient(postgres.databaseUrl, (client) => client.query(statement));
      }
      if (marker.kind === "run") {
        printed = await server.run(text).catch((error: unknown) => {
          throw new Error(place, { cause: error });
        });
        await settled(server, text);
      }
      if (marker.kind === "prints") {
        assert.equal(firstMissing(text, printed), undefined, `${place}: it printed\n${printed}`);
      }
    }

    // The published object, read as the page's own user of the store.
    const env = environmentIn(server.here(fileNamed("/etc/iroko/iroko.env")));
    const store = await openStore(env["IROKO_STORE"] ?? "", { env });
    const summary = await footerOf(store, "analytics/daily_revenue/2026-11-02.parquet");
    assert.ok(summary.rows > 0);
    await store.close();

    // That user can do nothing beside its prefix.
    const beside = await openStore("s3://pos-lake/elsewhere", { env });
    await assert.rejects(beside.probe(), { code: "STORE_DENIED" });
    await beside.close();
  },
);

const analyze = spawnSync("systemd-analyze", ["--version"]).status === 0;

test(
  "systemd finds nothing wrong with the units",
  { skip: analyze ? false : "there is no systemd-analyze here" },
  () => {
    const folder = tempDir("units");
    const units = blocksOf(page).flatMap(({ marker, text }) => {
      const name = marker.kind === "file" ? /^\/etc\/systemd\/system\/(.*)$/.exec(marker.path)?.[1] : undefined;
      if (name === undefined) return [];
      // It looks whether programs are there, which says nothing about the unit.
      writeFileSync(join(folder, name), text.replaceAll(/^ExecStart=\S+/gm, "ExecStart=/bin/true"));
      return [join(folder, name)];
    });
    assert.equal(units.length, 3);
    const { stderr, status } = spawnSync("systemd-analyze", ["verify", "--recursive-errors=no", ...units], {
      encoding: "utf8",
    });
    assert.equal(
      stderr
        .split("\n")
        .filter((line) => line.includes(folder))
        .join("\n"),
      "",
    );
    assert.equal(status, 0, stderr);
  },
);

/** A worker that was told to start is at work before the reader has typed the next line. */
async function settled(server: PageServer, text: string): Promise<void> {
  if (!/systemctl (enable|start).*iroko-worker/.test(text)) return;
  await waitFor("the worker", () => /is ready|ended with/.test(server.journal("iroko-worker.service")), {
    seconds: 60,
  });
  assert.match(server.journal("iroko-worker.service"), /is ready/);
}

function fileNamed(path: string): string {
  const block = blocksOf(page).find(({ marker }) => marker.kind === "file" && marker.path === path);
  assert.ok(block, `the page has no ${path}`);
  return block.text;
}

function environmentIn(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]));
}

async function openAdministrated(home: string): Promise<AsyncDisposable & { readonly databaseUrl: string }> {
  mkdirSync(home);
  chmodSync(home, 0o755);
  const { databaseUrl, close } = await openEmbeddedPostgres({ home, say: () => {} });
  return { databaseUrl, [Symbol.asyncDispose]: close };
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  for (const server of servers) server.close();
  return ports;
}
