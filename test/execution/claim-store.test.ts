/** Whose a store is. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openStore } from "@iroko/assets";
import { claimStore, openDatabase, ownerOf, type Database, type Store } from "@iroko/core/engine";
import { createMigratedDatabase } from "../support/database.ts";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import type { S3Server } from "../support/s3-server.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { testInstance } from "../support/test-instance.ts";

let server: S3Server | undefined;
before(async () => {
  if (!skipWithoutMinio) server = await startMinio();
});
after(() => server?.stop());

/** Two instances and a store that is nobody's yet. */
async function setup(
  kind: "local" | "MinIO",
): Promise<{ one: Database; other: Database; store: Store } & AsyncDisposable> {
  const folder = createTempDir("claim-store");
  const databases = await Promise.all([createMigratedDatabase(), createMigratedDatabase()]);
  const [one, other] = databases.map(({ url }) => openDatabase(url)) as [Database, Database];
  // Copies of one template: an instance gets its id when its database is made.
  await other.query("update iroko.instance set id = gen_random_uuid()");
  const store =
    kind === "local"
      ? await openStore(join(folder.path, "store"))
      : await openStore(`s3://${server!.bucket}/shared`, { env: server!.env });
  return {
    one,
    other,
    store,
    async [Symbol.asyncDispose]() {
      await Promise.all([one.close(), other.close(), store.close()]);
      await Promise.all(databases.map((database) => database.drop()));
      folder[Symbol.dispose]();
    },
  };
}

for (const kind of ["local", "MinIO"] as const) {
  const skip = kind === "MinIO" && skipWithoutMinio;

  test(
    `${kind}: a store is claimed at its first use, and refused to another instance by name, with what to do`,
    { skip },
    async () => {
      await using at = await setup(kind);
      assert.equal(await ownerOf(at.store), undefined);
      await claimStore(at.one, at.store);
      await claimStore(at.one, at.store);
      const owner = await ownerOf(at.store);
      await assert.rejects(claimStore(at.other, at.store), (error: Error & { code: string; hint: string }) => {
        assert.equal(error.code, "STORE_TAKEN");
        assert.match(error.message, new RegExp(`belongs to instance ${owner}`));
        assert.match(error.hint, /IROKO_STORE.*_iroko\/instance\.json/s);
        return true;
      });
    },
  );

  test(`${kind}: of two that claim a store at once, one has it`, { skip }, async () => {
    await using at = await setup(kind);
    const claims = await Promise.allSettled([at.one, at.other].map((db) => claimStore(db, at.store)));
    assert.deepEqual(claims.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  });
}

test("an instance restored from a backup, with its incarnation raised, finds its store its own", async () => {
  await using at = await setup("local");
  await claimStore(at.one, at.store);
  await at.one.query("update iroko.instance set incarnation = incarnation + 1");
  await claimStore(at.one, at.store);
});

test("no worker starts on another instance's store", async () => {
  await using at = await setup("local");
  await claimStore(at.other, at.store);
  await using instance = await testInstance({
    "iroko.config.ts": `import { asset, define } from "@iroko/core";\nexport default define({ assets: [asset({ key: "a", materialize: () => {} })] });`,
  });
  await assert.rejects(instance.startWorker({ store: at.store }), { code: "STORE_TAKEN" });
});
