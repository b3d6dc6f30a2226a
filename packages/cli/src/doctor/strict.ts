/** Every invariant there is, as findings; mended on the way where that is asked for and can be done without a person. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listWorkers, violations, type Database, type Store } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { Project } from "../project.ts";
import { openProbed } from "../session.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Finding } from "./examine.ts";

export interface StrictLookOptions {
  readonly repair: boolean;
  readonly now?: Temporal.Instant;
}

const oldDays = 2;

export async function* strictLook(
  db: Database,
  project: Project,
  terminal: Terminal,
  { repair, now = Temporal.Now.instant() }: StrictLookOptions,
): AsyncGenerator<Finding, void, undefined> {
  const store = await openProbed(project, terminal);
  try {
    let found = 0;
    for await (const violation of violations(db, store, { now })) {
      found += 1;
      const { rule, message, remedy, repair: mend } = violation;
      if (repair && mend !== undefined) {
        await auditedHere(db, { operation: "instance.repair", target: `${rule}: ${message}` }, mend);
        yield { about: "strict", rule, verdict: "note", message: `${rule}: ${message}; it is being mended` };
      } else yield { about: "strict", rule, verdict: "wrong", message: `${rule}: ${message}`, remedy };
    }
    for await (const { path, message } of leftBehind(db, project, store, now)) {
      found += 1;
      const rule = "temporary files of processes that are gone";
      if (repair) {
        await rm(path, { recursive: true, force: true });
        yield { about: "strict", rule, verdict: "note", message: `${message}; it was removed` };
      } else {
        const remedy = "A worker started on this machine removes it: iroko worker. Or: iroko doctor --strict --repair";
        yield { about: "strict", rule, verdict: "wrong", message, remedy };
      }
    }
    if (found === 0) yield { about: "strict", verdict: "ok", message: "every invariant holds" };
  } finally {
    await store.close();
  }
}

/** On this machine: folders of workers that nobody knows any more, and a store's temporary files, when they are old. */
async function* leftBehind(
  db: Database,
  { home }: Project,
  store: Store,
  now: Temporal.Instant,
): AsyncGenerator<{ readonly path: string; readonly message: string }, void, undefined> {
  const old = now.subtract({ hours: 24 * oldDays });
  const workers = new Set((await listWorkers(db)).map(({ id }) => id));
  const root = store.kind === "local" ? fileURLToPath(store.uri) : undefined;
  for (const work of [join(home, "work"), ...(root === undefined ? [] : [join(root, "_work")])]) {
    for (const instance of await oldEntries(work, now))
      for (const folder of await oldEntries(instance, old))
        if (!workers.has(folder.slice(instance.length + 1)) && !folder.endsWith("built"))
          yield { path: folder, message: `${folder} is of a worker that is gone` };
  }
  if (root === undefined) return;
  for (const file of await oldEntries(join(root, ".iroko", "temporary"), old))
    yield { path: file, message: `${file} is older than ${oldDays} days` };
}

/** Unchanged since. */
async function oldEntries(folder: string, since: Temporal.Instant): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const about = await stat(path).catch(() => undefined);
    if (about !== undefined && about.ctimeMs <= since.epochMilliseconds) found.push(path);
  }
  return found;
}
