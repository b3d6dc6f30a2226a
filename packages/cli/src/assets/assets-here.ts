/** Assets of a project's own instance. */
import { api } from "@iroko/core/client";
import { countAssets, explainAsset, readMoment } from "@iroko/core/engine";
import type { Project } from "../project.ts";
import { allTold, asTold } from "../remote/as-told.ts";
import { sayUnfinished } from "../runs/unfinished-runs.ts";
import { openSession } from "../session.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Assets } from "./assets.ts";

export async function assetsHere(project: Project, terminal: Terminal): Promise<Assets> {
  const session = await openSession(project, terminal);
  const { db, location } = session;
  const moment = () => readMoment(db, location.snapshot, Temporal.Now.instant());
  return {
    async list(filter) {
      const now = await moment();
      const counts = await session.asking(() => countAssets(db, location.snapshot, filter, now));
      return allTold(
        api.assets.counts,
        counts.map(({ asset, ...numbers }) => ({ ...asset, external: asset.kind === "external", ...numbers })),
      );
    },
    async explain(target) {
      const now = await moment();
      return asTold(api.assets.explain, await session.asking(() => explainAsset(db, location, target, now)));
    },
    show: async (question) => (await import("./show-here.ts")).showHere(session, question),
    rollback: async (target, to) => (await import("./rollback-here.ts")).rollbackHere(session, target, to),
    sayUnfinished: () => sayUnfinished(session),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
