/** Pools of a server. */
import type { RemoteServer } from "../remote/find-server.ts";
import { nothingToClose } from "../remote/subject.ts";
import type { Pools } from "./pools.ts";

export function poolsThere({ client }: RemoteServer): Pools {
  return {
    ...nothingToClose,
    list: () => Array.fromAsync(client.instance.pools()),
    set: (pool) => client.instance.setPool(pool),
  };
}
