/** Every invariant there is, as findings; mended on the way where that is asked for and can be done without a person. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listWorkers, violations, type Database, type Store } from "@iroko/core/engine";
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
      const { rule, message, remedy } = violation;
      if (repair && violation.repair !== undefined) {
        await violation.repair();
        yield { about: "strict", rule, verdict: "note", message: `${rule}: ${message}; it is being mended` };
      } else yield { about: "strict", rule, verdict: "wrong", message: `${rule}: ${message}`, remedy };
    }
    for await (const message of leftBehind(db, project, store, now)) {
      found += 1;
      yield {
        about: "strict",
        rule: "temporary files of processes that are gone",
        verdict: "wrong",
        message,
        remedy: "A worker started on this machine removes it: iroko worker",
      };
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
): AsyncGenerator<string, void, undefined> {
  const old = now.subtract({ hours: 24 * oldDays });
  const workers = new Set((await listWorkers(db)).map(({ id }) => id));
  const root = store.kind === "local" ? fileURLToPath(store.uri) : undefined;
  for (const work of [join(home, "work"), ...(root === undefined ? [] : [join(root, "_work")])]) {
    for (const instance of await oldEntries(work, now))
      for (const folder of await oldEntries(instance, old))
        if (!workers.has(folder.slice(instance.length + 1)) && !folder.endsWith("built"))
          yield `${folder} is of a worker that is gone`;
  }
  if (root === undefined) return;
  for (const file of await oldEntries(join(root, ".iroko", "temporary"), old))
    yield `${file} is older than ${oldDays} days`;
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
