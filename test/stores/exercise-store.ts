/** What every store promises, whatever is behind it: one suite, run on each. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { PublishedVersion, Store } from "@iroko/core/engine";
import { createTempDir } from "../support/temp-dir.ts";
import { collect, contentOf, makeFile } from "./local-file.ts";

export interface OpenedStore {
  /** Opens one more client of the same store, as another process would. */
  open(): Promise<Store>;
  readonly skip: string | false;
}

const version = (number: number, incarnation = 1): PublishedVersion => ({ incarnation, version: number });

export function exerciseStore(name: string, { open, skip }: OpenedStore): void {
  const promise = (sentence: string, body: (store: Store, folder: string, at: string) => Promise<void>): void =>
    void test(`${name}: ${sentence}`, { skip }, async () => {
      using folder = createTempDir("store-test");
      const store = await open();
      try {
        await body(store, folder.path, `t-${randomUUID().slice(0, 8)}`);
      } finally {
        await store.close();
      }
    });

  const readAll = async (store: Store, key: string, folder: string): Promise<string> => {
    const file = join(folder, randomUUID());
    await store.download(key, file);
    return contentOf(file);
  };

  promise("its probe says that writes are guarded, and how it publishes", async (store) => {
    const abilities = await store.probe();
    assert.equal(abilities.conditionalPut, true);
    assert.equal(abilities.publishBy, store.kind === "local" ? "rename" : "serverCopy");
    assert.deepEqual(abilities.notes, []);
  });

  promise("a staged object is there, whole, with its size and ETag", async (store, folder, at) => {
    const file = makeFile(folder, "some rows");
    const put = await store.stage(`_v/${at}/a.parquet`, file);
    const head = await store.head(`_v/${at}/a.parquet`);
    assert.equal(put.bytes, 9);
    assert.equal(head?.bytes, 9);
    assert.equal(head.etag, put.etag);
    assert.equal(await readAll(store, `_v/${at}/a.parquet`, folder), "some rows");
  });

  promise("an empty object can be staged, published and read", async (store, folder, at) => {
    await store.stage(`_v/${at}/empty`, makeFile(folder, ""));
    await store.publish(`_v/${at}/empty`, `${at}/empty`, version(1));
    assert.equal(await readAll(store, `${at}/empty`, folder), "");
  });

  promise("staging the same bytes twice counts as put", async (store, folder, at) => {
    const first = await store.stage(`${at}/a`, makeFile(folder, "equal"));
    const second = await store.stage(`${at}/a`, makeFile(folder, "equal"));
    assert.equal(second.etag, first.etag);
  });

  promise("a key is written once: other bytes are a conflict, and change nothing", async (store, folder, at) => {
    await store.stage(`${at}/a`, makeFile(folder, "first"));
    await assert.rejects(store.stage(`${at}/a`, makeFile(folder, "other")), { code: "OBJECT_CONFLICT" });
    assert.equal(await readAll(store, `${at}/a`, folder), "first");
  });

  promise("of 16 that race for a key one wins, and the others are told", async (store, folder, at) => {
    const files = Array.from({ length: 16 }, (_, index) => makeFile(folder, `racer ${index}`));
    const outcomes = await Promise.allSettled(files.map((file) => store.stage(`${at}/race`, file)));
    const won = outcomes.flatMap((outcome, index) => (outcome.status === "fulfilled" ? [index] : []));
    const lost = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [(outcome.reason as { code: string }).code] : [],
    );
    assert.equal(won.length, 1);
    assert.deepEqual(
      lost,
      Array.from({ length: 15 }, () => "OBJECT_CONFLICT"),
    );
    assert.equal(await readAll(store, `${at}/race`, folder), `racer ${won[0]}`);
  });

  promise("publishing makes the stable key the staged object, once", async (store, folder, at) => {
    await store.stage(`_v/${at}/1`, makeFile(folder, "one"));
    assert.equal(await store.isPublished(`_v/${at}/1`, `${at}/p.parquet`, version(1)), false);
    const published = await store.publish(`_v/${at}/1`, `${at}/p.parquet`, version(1));
    assert.equal(published.outcome, "published");
    assert.equal(published.bytesMoved, 0);
    assert.equal(await store.isPublished(`_v/${at}/1`, `${at}/p.parquet`, version(1)), true);
    assert.equal(await readAll(store, `${at}/p.parquet`, folder), "one");
    const head = await store.head(`${at}/p.parquet`);
    assert.deepEqual(head?.version, version(1));
    assert.equal(head.etag, published.etag);
    assert.equal((await store.publish(`_v/${at}/1`, `${at}/p.parquet`, version(1))).outcome, "alreadyCurrent");
  });

  promise("an older version never replaces a newer one", async (store, folder, at) => {
    for (const number of [1, 2]) await store.stage(`_v/${at}/${number}`, makeFile(folder, `version ${number}`));
    assert.equal((await store.publish(`_v/${at}/2`, `${at}/p`, version(2))).outcome, "published");
    assert.equal((await store.publish(`_v/${at}/1`, `${at}/p`, version(1))).outcome, "newerThere");
    assert.equal(await readAll(store, `${at}/p`, folder), "version 2");
    assert.equal(await store.isPublished(`_v/${at}/1`, `${at}/p`, version(1)), false);
  });

  promise("a newer object that no pointer speaks of is replaced where that is asked for", async (store, folder, at) => {
    for (const number of [1, 2, 3]) await store.stage(`_v/${at}/${number}`, makeFile(folder, `version ${number}`));
    await store.publish(`_v/${at}/2`, `${at}/p`, version(2));
    const { outcome, etag } = await store.publish(`_v/${at}/1`, `${at}/p`, version(1));
    assert.equal(outcome, "newerThere");
    await store.publish(`_v/${at}/3`, `${at}/p`, version(3));
    // It is no longer the one that was looked at: somebody has published meanwhile.
    const late = await store.publish(`_v/${at}/1`, `${at}/p`, version(1), { evenOver: etag });
    assert.equal(late.outcome, "newerThere");
    const over = await store.publish(`_v/${at}/1`, `${at}/p`, version(1), { evenOver: late.etag });
    assert.equal(over.outcome, "published");
    assert.equal(await readAll(store, `${at}/p`, folder), "version 1");
    assert.deepEqual((await store.head(`${at}/p`))?.version, version(1));
    assert.equal((await store.publish(`_v/${at}/2`, `${at}/p`, version(2))).outcome, "published");
  });

  promise("a restored instance's first version replaces the last one before it", async (store, folder, at) => {
    await store.stage(`_v/${at}/old`, makeFile(folder, "before the restore"));
    await store.stage(`_v/${at}/new`, makeFile(folder, "after it"));
    await store.publish(`_v/${at}/old`, `${at}/p`, version(40, 1));
    assert.equal((await store.publish(`_v/${at}/new`, `${at}/p`, version(3, 2))).outcome, "published");
    assert.equal(await readAll(store, `${at}/p`, folder), "after it");
  });

  promise("what was put at the stable key by hand is replaced", async (store, folder, at) => {
    await store.stage(`${at}/p`, makeFile(folder, "by hand"));
    await store.stage(`_v/${at}/1`, makeFile(folder, "ours"));
    assert.equal((await store.publish(`_v/${at}/1`, `${at}/p`, version(1))).outcome, "published");
    assert.equal(await readAll(store, `${at}/p`, folder), "ours");
  });

  promise("of 32 publishers that race the newest version stays", async (store, folder, at) => {
    const other = await open();
    const numbers = Array.from({ length: 32 }, (_, index) => index + 1).toSorted(
      (a, b) => ((a * 7) % 32) - ((b * 7) % 32),
    );
    for (const number of numbers) await store.stage(`_v/${at}/${number}`, makeFile(folder, `version ${number}`));
    const outcomes = await Promise.all(
      numbers.map((number, index) =>
        (index % 2 === 0 ? store : other).publish(`_v/${at}/${number}`, `${at}/p`, version(number)),
      ),
    );
    await other.close();
    assert.equal(await readAll(store, `${at}/p`, folder), "version 32");
    assert.deepEqual((await store.head(`${at}/p`))?.version, version(32));
    assert.equal(outcomes[numbers.indexOf(32)]?.outcome, "published");
    assert.ok(outcomes.every(({ outcome }) => outcome !== "alreadyCurrent"));
  });

  promise("a reader during publishes sees one whole version", async (store, folder, at) => {
    const size = 300_000;
    for (let number = 1; number <= 12; number++)
      await store.stage(`_v/${at}/${number}`, makeFile(folder, String.fromCharCode(64 + number).repeat(size)));
    await store.publish(`_v/${at}/1`, `${at}/p`, version(1));
    let publishing = true;
    const publishAll = async () => {
      for (let number = 2; number <= 12; number++)
        await store.publish(`_v/${at}/${number}`, `${at}/p`, version(number));
      publishing = false;
    };
    const readMany = async () => {
      let reads = 0;
      for (; publishing; reads++) {
        const text = await readAll(store, `${at}/p`, folder);
        assert.equal(text.length, size);
        assert.equal(text, text.charAt(0).repeat(size));
      }
      return reads;
    };
    const [, reads] = await Promise.all([publishAll(), readMany()]);
    assert.ok(reads > 0);
  });

  promise("publishing what was never staged says so", async (store, _, at) => {
    await assert.rejects(store.publish(`_v/${at}/none`, `${at}/p`, version(1)), { code: "OBJECT_NOT_FOUND" });
    assert.equal(await store.head(`${at}/p`), undefined);
  });

  promise("a range gives those bytes, clipped at the object's end", async (store, folder, at) => {
    await store.stage(`${at}/a`, makeFile(folder, "0123456789"));
    const read = async (start: number, end: number) =>
      Buffer.from(await store.readRange(`${at}/a`, start, end)).toString();
    assert.equal(await read(2, 5), "234");
    assert.equal(await read(8, 100), "89");
    assert.equal(await read(4, 4), "");
    assert.equal(await read(50, 60), "");
  });

  promise("reads pinned to an ETag refuse the object that replaced it", async (store, folder, at) => {
    for (const number of [1, 2]) await store.stage(`_v/${at}/${number}`, makeFile(folder, `version ${number}`));
    const { etag } = await store.publish(`_v/${at}/1`, `${at}/p`, version(1));
    assert.equal(Buffer.from(await store.readRange(`${at}/p`, 8, 9, { etag })).toString(), "1");
    await store.publish(`_v/${at}/2`, `${at}/p`, version(2));
    await assert.rejects(store.readRange(`${at}/p`, 8, 9, { etag }), { code: "OBJECT_CHANGED" });
    await assert.rejects(store.download(`${at}/p`, join(folder, "d"), { etag }), { code: "OBJECT_CHANGED" });
    assert.equal(existsSync(join(folder, "d")), false);
  });

  promise("what is not there reads as not there, and leaves no file behind", async (store, folder, at) => {
    assert.equal(await store.head(`${at}/none`), undefined);
    await assert.rejects(store.readRange(`${at}/none`, 0, 1), { code: "OBJECT_NOT_FOUND" });
    const before = readdirSync(folder).length;
    await assert.rejects(store.download(`${at}/none`, join(folder, "d")), { code: "OBJECT_NOT_FOUND" });
    assert.equal(readdirSync(folder).length, before);
  });

  promise("a prefix lists the objects under it and nothing of the store's own", async (store, folder, at) => {
    await store.probe();
    const keys = [`${at}/a/1`, `${at}/a/2`, `${at}/ab/3`, `${at}/b/c/d/4`];
    for (const key of keys) await store.stage(key, makeFile(folder, key));
    await store.publish(`${at}/a/1`, `${at}/z`, version(1));
    const listed = async (prefix: string) => (await collect(store.list(prefix))).map(({ key }) => key).toSorted();
    assert.deepEqual(await listed(`${at}/`), [...keys, `${at}/z`].toSorted());
    assert.deepEqual(await listed(`${at}/a`), [`${at}/a/1`, `${at}/a/2`, `${at}/ab/3`]);
    assert.deepEqual(await listed(`${at}/a/`), [`${at}/a/1`, `${at}/a/2`]);
    assert.deepEqual(await listed(`${at}/none/`), []);
    const [first] = await collect(store.list(`${at}/a/1`));
    const head = await store.head(`${at}/a/1`);
    assert.deepEqual([first?.bytes, first?.etag], [head?.bytes, head?.etag]);
    assert.deepEqual(
      (await listed("")).filter((key) => !/^(_v|t-[0-9a-f]{8})\//.test(key)),
      [],
    );
  });

  promise("deleting takes the object, and is fine when there is none", async (store, folder, at) => {
    await store.stage(`${at}/a/b`, makeFile(folder, "x"));
    await store.delete(`${at}/a/b`);
    await store.delete(`${at}/a/b`);
    assert.equal(await store.head(`${at}/a/b`), undefined);
    assert.deepEqual(await collect(store.list(`${at}/`)), []);
    await store.stage(`${at}/a`, makeFile(folder, "a file where a folder was"));
    assert.equal(await readAll(store, `${at}/a`, folder), "a file where a folder was");
  });

  promise("a deleted stable key can be published again, by any version", async (store, folder, at) => {
    await store.stage(`_v/${at}/1`, makeFile(folder, "one"));
    await store.stage(`_v/${at}/2`, makeFile(folder, "two"));
    await store.publish(`_v/${at}/2`, `${at}/p`, version(2));
    await store.delete(`${at}/p`);
    assert.equal((await store.publish(`_v/${at}/1`, `${at}/p`, version(1))).outcome, "published");
  });

  promise("a collected staged object leaves the published one readable", async (store, folder, at) => {
    await store.stage(`_v/${at}/1`, makeFile(folder, "one"));
    await store.publish(`_v/${at}/1`, `${at}/p`, version(1));
    await store.delete(`_v/${at}/1`);
    assert.equal(await readAll(store, `${at}/p`, folder), "one");
  });

  promise("encoded partition keys survive the way there and back", async (store, folder, at) => {
    const keys = ["region=LA%2F..%2F/day=2026-11-20", "%E9%9B%AA", "a+b c&d=e;f'g\"(h)", "ünïcode", "100%25"];
    for (const name of keys) {
      await store.stage(`_v/${at}/${name}/1.parquet`, makeFile(folder, name));
      await store.publish(`_v/${at}/${name}/1.parquet`, `${at}/${name}.parquet`, version(1));
      assert.equal(await readAll(store, `${at}/${name}.parquet`, folder), name);
      assert.equal(await store.isPublished(`_v/${at}/${name}/1.parquet`, `${at}/${name}.parquet`, version(1)), true);
    }
    const listed = (await collect(store.list(`${at}/`))).map(({ key }) => key).toSorted();
    assert.deepEqual(listed, keys.map((name) => `${at}/${name}.parquet`).toSorted());
  });

  promise("a hostile key is refused by every call, before anything is touched", async (store, folder) => {
    const file = makeFile(folder, "x");
    for (const key of [
      "../x",
      "a/../../x",
      "/etc/passwd",
      "a//b",
      "a/./b",
      ".",
      "",
      "a\\..\\b",
      "a\0b",
      "a\nb",
      ".iroko/x",
      "a/",
      `a/${"x".repeat(256)}`,
    ]) {
      const refused = { code: "OBJECT_KEY" };
      await assert.rejects(store.stage(key, file), refused, key);
      await assert.rejects(store.publish(key, "a", version(1)), refused, key);
      await assert.rejects(store.publish("a", key, version(1)), refused, key);
      await assert.rejects(store.head(key), refused, key);
      await assert.rejects(store.download(key, join(folder, "d")), refused, key);
      await assert.rejects(store.readRange(key, 0, 1), refused, key);
      await assert.rejects(store.delete(key), refused, key);
      assert.throws(() => store.uriOf(key), refused, key);
    }
  });

  promise("a signal that has fired stops a transfer", async (store, folder, at) => {
    await store.stage(`${at}/a`, makeFile(folder, "x"));
    const signal = AbortSignal.abort(new Error("canceled"));
    await assert.rejects(store.stage(`${at}/b`, makeFile(folder, "y"), { signal }), { message: "canceled" });
    await assert.rejects(store.download(`${at}/a`, join(folder, "d"), { signal }), { message: "canceled" });
    await assert.rejects(store.publish(`${at}/a`, `${at}/p`, version(1), { signal }), { message: "canceled" });
    assert.equal(await store.head(`${at}/b`), undefined);
  });
}
