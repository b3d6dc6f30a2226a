/** Keys of dynamic partitions of a project's own instance. */
import { api } from "@iroko/core/client";
import {
  addDynamicKeys,
  dynamicNameOf,
  listDynamicKeys,
  removeDynamicKeys,
  type Database,
  type DynamicKeyRow,
} from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { Project } from "../project.ts";
import { allTold } from "../remote/as-told.ts";
import { openSession } from "../session.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { DynamicPartitions } from "./dynamic-partitions.ts";

const page = 10_000;
const changes = { add: addDynamicKeys, remove: removeDynamicKeys };

export async function dynamicPartitionsHere(project: Project, terminal: Terminal): Promise<DynamicPartitions> {
  const session = await openSession(project, terminal);
  const { db, location } = session;
  return {
    async list(wanted) {
      const partitions = dynamicNameOf(location.snapshot, wanted);
      return { partitions, keys: allTold(api.dynamicPartitions.list, await allKeys(db, partitions)) };
    },
    async change(verb, wanted, keys) {
      const partitions = dynamicNameOf(location.snapshot, wanted);
      const subject = { operation: `dynamicPartitions.${verb}`, target: `${partitions} ${keys.join(" ")}` };
      const change = changes[verb];
      const changed = await auditedHere(db, subject, (db) => db.transaction((tx) => change(tx, partitions, keys)));
      return { partitions, keys: changed };
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

async function allKeys(db: Database, name: string): Promise<readonly DynamicKeyRow[]> {
  const keys: DynamicKeyRow[] = [];
  for (;;) {
    const after = keys.at(-1)?.key;
    const next = await listDynamicKeys(db, name, { limit: page, ...(after === undefined ? {} : { after }) });
    keys.push(...next);
    if (next.length < page) return keys;
  }
}
