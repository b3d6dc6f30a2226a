/** Assets of a server. */
import { api } from "@iroko/core/client";
import type { RemoteServer } from "../remote/find-server.ts";
import { firstOf, nothingToClose } from "../remote/subject.ts";
import { factsOf, hasNoRows } from "./asset-facts.ts";
import type { Assets } from "./assets.ts";

export function assetsThere({ client, location }: RemoteServer): Assets {
  return {
    ...nothingToClose,
    list: ({ select, allowEmpty }) => Array.fromAsync(client.assets.counts({ select, allowEmpty, location })),
    explain(target) {
      const [key, partitions] = partsOf(target);
      return client.assets.explain({ key: key.trim(), partitions: partitions?.trim() });
    },
    async rollback(target, to) {
      const [key, partition] = partsOf(target);
      const moved = await client.assets.rollback({ key, partition, to });
      return { asset: key, partition: partition ?? null, ...moved, unpublished: "that is the workers' to do there" };
    },
    async show({ key, partition, rows, versions }) {
      const of = { key, partition };
      const [asset, columnLineage, standing, partitions, checks] = await Promise.all([
        client.assets.get({ key }),
        client.assets.columns({ key }),
        client.assets.standing(of),
        firstOf(versions, (limit) => client.assets.partitions({ ...of, limit }), api.assets.partitions),
        Array.fromAsync(client.assets.checks(of)),
      ]);
      const isOne = partition !== undefined || asset.partitionsDefinition.kind === "none";
      const kept = isOne ? await Array.fromAsync(client.assets.versions(of)) : [];
      const known = { asset, columnLineage, standing, partitions, kept, checks, uriOf: () => null, footer: null };
      if (rows === 0) return factsOf({ ...known, rows: null });
      const newest = partitions.find(({ objectKey }) => objectKey !== null);
      if (newest === undefined) throw hasNoRows(key);
      const shown = await client.assets.rows({ key, partition: newest.key || undefined });
      const names = shown.columns.map(({ name }) => name);
      const records = shown.rows.map((row) => Object.fromEntries(names.map((name, n) => [name, row[n] ?? null])));
      return factsOf({ ...known, rows: records.slice(0, rows) });
    },
    sayUnfinished: () => Promise.resolve(), // a server's workers go on with everything
  };
}

/** Of `key` or `key@partitions`. */
function partsOf(target: string): readonly [key: string, partitions: string | undefined] {
  const at = target.indexOf("@");
  return at < 0 ? [target, undefined] : [target.slice(0, at), target.slice(at + 1)];
}
