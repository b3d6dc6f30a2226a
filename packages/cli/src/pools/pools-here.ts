/** Pools of a project's own instance. */
import { api } from "@iroko/core/client";
import { listPools, setPool } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { Project } from "../project.ts";
import { allTold } from "../remote/as-told.ts";
import { openSession } from "../session.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Pools } from "./pools.ts";

export async function poolsHere(project: Project, terminal: Terminal): Promise<Pools> {
  const session = await openSession(project, terminal);
  const { db, location } = session;
  const named = location.snapshot.computes.flatMap(({ pools }) => pools);
  return {
    list: async () => allTold(api.instance.pools, await listPools(db, named)),
    async set({ name, slots }) {
      const target = `${name} ${slots ?? "none"}`;
      await auditedHere(db, { operation: "instance.setPool", target }, (db) =>
        db.transaction((tx) => setPool(tx, name, slots)),
      );
      return { name, slots, named: named.includes(name) };
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
