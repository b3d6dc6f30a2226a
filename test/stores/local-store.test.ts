import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { openStore } from "@iroko/assets";
import { createTempDir, tempDir } from "../support/temp-dir.ts";
import { exerciseStore } from "./exercise-store.ts";
import { contentOf, makeFile } from "./local-file.ts";

const root = tempDir("local-store");

exerciseStore("a local folder", { open: () => openStore(join(root, "store")), skip: false });

test("a staged and a published object are two names of one read-only file", async () => {
  using folder = createTempDir();
  const store = await openStore(`file://${folder.path}/store`);
  const file = makeFile(folder.path, "rows");
  await store.stage("_v/a/1", file);
  await store.publish("_v/a/1", "a", { incarnation: 1, version: 1 });
  const [staged, stable] = ["_v/a/1", "a"].map((key) => statSync(store.localFile(key) ?? ""));
  assert.equal(staged?.ino, stable?.ino);
  assert.equal(stable?.ino, statSync(file.path).ino);
  assert.equal((stable?.mode ?? 0) & 0o777, 0o444);
});

test("a local store takes a plain path, a file URL and nothing else", async () => {
  assert.equal((await openStore("/tmp/x y")).uri, "file:///tmp/x%20y");
  assert.equal((await openStore("file:///tmp/x%20y")).uri, "file:///tmp/x%20y");
  for (const uri of ["gs://bucket/x", "http://host/x", "file://other-host/x", "s3://", "s3://UPPER/x", ""])
    await assert.rejects(openStore(uri), { code: "STORE_URI" }, uri);
});

test("a folder that cannot be made says which", async () => {
  using folder = createTempDir();
  writeFileSync(join(folder.path, "taken"), "a file");
  const store = await openStore(join(folder.path, "taken", "store"));
  await assert.rejects(store.probe(), { code: "STORE_FAILED", message: /taken/ });
});

const isRoot = process.getuid?.() === 0;

test("a folder that may not be written says so", { skip: isRoot && "root may write everywhere" }, async () => {
  using folder = createTempDir();
  mkdirSync(join(folder.path, "store"));
  chmodSync(join(folder.path, "store"), 0o555);
  const store = await openStore(join(folder.path, "store"));
  await assert.rejects(store.probe(), { code: "STORE_DENIED" });
});

/** A file system of half a megabyte; undefined where this user or kernel may not mount one. */
function mountSmallDisk(at: string): (() => void) | undefined {
  if (!isRoot || spawnSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", at]).status !== 0) return undefined;
  return () => void spawnSync("umount", [at]);
}

test("a full disk says so, leaves the published object as it was, and works again with room", async (context) => {
  using folder = createTempDir();
  const disk = join(folder.path, "disk");
  mkdirSync(disk);
  const unmount = mountSmallDisk(disk);
  if (unmount === undefined) return context.skip("cannot mount a small file system here");
  try {
    const store = await openStore(join(disk, "store"));
    await store.stage("_v/1", makeFile(folder.path, "one"));
    await store.publish("_v/1", "p", { incarnation: 1, version: 1 });
    // Another file system than the disk's: no hard link, the bytes must be copied, and do not fit.
    const large = makeFile(folder.path, Buffer.alloc(1_000_000, 1));
    await assert.rejects(store.stage("_v/2", large), { code: "STORE_FULL", message: /_v\/2/ });
    assert.equal(await store.head("_v/2"), undefined);
    assert.equal(contentOf(store.localFile("p") ?? ""), "one");
    const elsewhere = await openStore(join(folder.path, "elsewhere"));
    await elsewhere.stage("large", large);
    await assert.rejects(elsewhere.download("large", join(disk, "copy")), { code: "DISK_FULL", message: /disk\/copy/ });
    assert.deepEqual(readdirSync(disk), ["store"]);
    const fits = makeFile(folder.path, "two");
    await store.stage("_v/2", fits);
    assert.equal((await store.publish("_v/2", "p", { incarnation: 1, version: 2 })).outcome, "published");
  } finally {
    unmount();
  }
});

test("two processes that publish at once leave the newest version", async () => {
  using folder = createTempDir();
  const root = join(folder.path, "store");
  const store = await openStore(root);
  for (let number = 1; number <= 40; number++)
    await store.stage(`_v/${number}`, makeFile(folder.path, `version ${number}`));
  const program = `
    import { openStore } from "@iroko/assets";
    const store = await openStore(${JSON.stringify(root)});
    for (const version of process.argv[1].split(",").map(Number))
      await store.publish("_v/" + version, "p", { incarnation: 1, version });
  `;
  const all = Array.from({ length: 40 }, (_, index) => index + 1);
  const lists = [all.filter((number) => number % 2 === 0), all.filter((number) => number % 2 === 1).toReversed()];
  const publishers = lists.map((numbers) =>
    promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program, numbers.join(",")], {
      cwd: import.meta.dirname,
    }),
  );
  await Promise.all(publishers);
  assert.equal(contentOf(store.localFile("p") ?? ""), "version 40");
  assert.deepEqual((await store.head("p"))?.version, { incarnation: 1, version: 40 });
});
