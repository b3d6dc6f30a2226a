/** Every version is looked at again in time, the kept ones too, whoever damaged its object. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listEvents, listVersions, patrol, violations } from "@iroko/core/engine";
import { firstDay, versionedInstance } from "../support/make-versions.ts";
import { waitFor } from "../support/wait-for.ts";

test(
  "versions are looked at in turn, each once: a current one that is lost is mended, of a kept one it is told",
  { timeout: 300_000 },
  async () => {
    await using instance = await versionedInstance();
    for (const n of [1, 2]) await instance.make(n);
    await instance.worker.drain(10);
    const { db, store } = instance;
    const [current] = await listVersions(db, "numbers", firstDay);
    const kept = (await listVersions(db, "doubled", firstDay))[1];
    await store.delete(current!.objectKey!);
    await store.delete(kept!.objectKey!);
    await db.query("update iroko.asset_partition set verify_after = null");
    const { signal } = new AbortController();
    const look = async (): Promise<void> => {
      await db.query("update iroko.duty set begun_at = now() - interval '2 hours' where name = 'patrol'");
      await patrol(db, store, signal, 1);
      await patrol(db, store, signal, 1); // not due again so soon
    };
    const lost = async (): Promise<readonly unknown[]> =>
      (await listEvents(db, { asset: "doubled" }, { limit: 100 })).filter(({ type }) => type === "version_lost");
    // Four versions of two partitions, one at a time; then round again.
    for (let n = 0; n < 5; n += 1) await look();
    assert.equal((await lost()).length, 1);
    const { rows } = await db.query<{ asset: string }>(
      "select asset from iroko.asset_partition where verify_after is not null",
    );
    assert.deepEqual(rows, [{ asset: "numbers" }]);
    for (let n = 0; n < 5; n += 1) await look();
    assert.equal((await lost()).length, 2, "it has gone round");

    await instance.startWorker({ slots: 1 });
    await waitFor(
      "the current one to be mended",
      async () =>
        (await Array.fromAsync(violations(db, store, { now: Temporal.Now.instant(), settleSeconds: 0 }))).every(
          ({ rule }) => rule === "kept version without its object",
        ),
      { seconds: 90, everyMilliseconds: 200 },
    );
  },
);
