/** Keys of dynamic partitions of a server. */
import { IrokoError } from "@iroko/core";
import type { Client } from "@iroko/core/client";
import type { RemoteServer } from "../remote/find-server.ts";
import { nothingToClose } from "../remote/subject.ts";
import type { DynamicPartitions } from "./dynamic-partitions.ts";

export function dynamicPartitionsThere({ client }: RemoteServer): DynamicPartitions {
  return {
    ...nothingToClose,
    async list(name) {
      const keys = await Array.fromAsync(client.dynamicPartitions.list({ name, limit: 10_000 }));
      return { partitions: await ownName(client, name), keys };
    },
    async change(verb, name, keys) {
      if (verb === "add") {
        const { partitions, added } = await client.dynamicPartitions.add({ name, keys });
        return { partitions, keys: added };
      }
      const { partitions, removed } = await client.dynamicPartitions.remove({ name, keys });
      return { partitions, keys: removed };
    },
  };
}

/** An asset's partitions by their own name. */
async function ownName(client: Client, nameOrAsset: string): Promise<string> {
  try {
    const { partitionsDefinition } = await client.assets.get({ key: nameOrAsset });
    return "name" in partitionsDefinition ? String(partitionsDefinition.name) : nameOrAsset;
  } catch (error) {
    if (error instanceof IrokoError && error.code === "ASSET_NOT_FOUND") return nameOrAsset;
    throw error;
  }
}
