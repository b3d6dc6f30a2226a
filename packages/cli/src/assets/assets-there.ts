/** Assets of a server. */
import type { RemoteServer } from "../remote/find-server.ts";
import { nothingToClose } from "../remote/subject.ts";
import type { Assets } from "./assets.ts";

export function assetsThere({ client, location }: RemoteServer): Assets {
  return {
    ...nothingToClose,
    list: ({ select, allowEmpty }) => Array.fromAsync(client.assets.counts({ select, allowEmpty, location })),
    explain(target) {
      const at = target.indexOf("@");
      if (at < 0) return client.assets.explain({ key: target.trim() });
      return client.assets.explain({ key: target.slice(0, at).trim(), partitions: target.slice(at + 1).trim() });
    },
    sayUnfinished: () => Promise.resolve(), // a server's workers go on with everything
  };
}
