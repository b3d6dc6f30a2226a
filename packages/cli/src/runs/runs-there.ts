/** Runs of a server. */
import { IrokoError, type PartitionsDefinition } from "@iroko/core";
import { api } from "@iroko/core/client";
import type { RemoteServer } from "../remote/find-server.ts";
import { firstOf, nothingToClose } from "../remote/subject.ts";
import { ambiguousRun, noSuchRun, requireRunId } from "./find-run.ts";
import { listenThere } from "./run-bell.ts";
import type { Runs } from "./runs.ts";

/** Among as many is looked for the first letters of an id. */
const mostRuns = api.runs.list.page.most;
const wholeId = 36;

export function runsThere({ client }: RemoteServer): Runs {
  return {
    ...nothingToClose,
    list: ({ limit, before, ...filter }) =>
      firstOf(limit, (limit) => client.runs.list({ ...filter, limit, after: before }), api.runs.list),
    async find(id) {
      requireRunId(id);
      if (id.length === wholeId) {
        const { running: _, rows: __, bytes: ___, unpublished: ____, ...run } = await client.runs.get({ id });
        return run;
      }
      const { items } = await client.runs.list({ limit: mostRuns, observations: true });
      const [run, ...others] = items.filter((each) => each.id.startsWith(id.toLowerCase()));
      if (run === undefined) throw noSuchRun(id);
      if (others.length > 0) throw ambiguousRun(id, [run, ...others]);
      return run;
    },
    get: (id) => client.runs.get({ id }),
    steps: async (id, { limit, after, status }) =>
      (await client.runs.steps({ id, limit, status, after: after === undefined ? undefined : String(after) })).items,
    async made(id) {
      const all = await Array.fromAsync(client.runs.materializations({ id }));
      return all.map((made) => ({ ...made, uri: null }));
    },
    failedChecks: (id) => Array.fromAsync(client.runs.failedChecks({ id })),
    events: async (id, limit) => (await client.runs.events({ id, limit })).items,
    logs: async (id, page) => (await client.runs.logs({ id, ...page })).items,
    async cancel(id, reason) {
      await client.runs.cancel({ id, reason });
    },
    async definitionsOf(_run, assets) {
      const read = assets.map(async (key): Promise<readonly [string, PartitionsDefinition] | undefined> => {
        try {
          const { partitionsDefinition } = await client.assets.get({ key });
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the contract passes it on as the snapshot has it
          return [key, partitionsDefinition as PartitionsDefinition];
        } catch (error) {
          if (error instanceof IrokoError && error.code === "ASSET_NOT_FOUND") return undefined;
          throw error;
        }
      });
      return new Map((await Promise.all(read)).filter((found) => found !== undefined));
    },
    async triesOf(_run, { assets: [key], kind }) {
      if (key === undefined || kind === "check") return undefined;
      const { compute } = await client.assets.get({ key });
      return compute === null ? undefined : compute.retry.maxRetries + 1;
    },
    listen: async (run) => listenThere(client, run),
  };
}
