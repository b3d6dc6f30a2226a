/**
 * The one place where a command's subject (runs, assets, schedules …) is found: in the database of a project here, or over
 * a server's API there. Commands ask what they are given, and do not know which it is.
 */
import type { PageSize } from "@iroko/core/client";
import { findProject, type Project, type ProjectOptions } from "../project.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { findServer, type RemoteServer } from "./find-server.ts";

export interface SubjectSources<Subject extends AsyncDisposable> {
  here(project: Project, terminal: Terminal): Promise<Subject>;
  there(server: RemoteServer, terminal: Terminal): Promise<Subject>;
}

export async function openSubject<Subject extends AsyncDisposable>(
  { here, there }: SubjectSources<Subject>,
  options: ProjectOptions,
  terminal: Terminal,
): Promise<Subject> {
  const server = findServer(options);
  return server === undefined ? await here(findProject(options), terminal) : await there(server, terminal);
}

/** Of a server nothing is held open between calls. */
export const nothingToClose: AsyncDisposable = { [Symbol.asyncDispose]: () => Promise.resolve() };

/** The first items of a list, which pages of the list's own size make up. */
export async function firstOf<Item>(
  limit: number,
  list: (limit: number) => AsyncIterable<Item>,
  { page }: { readonly page: PageSize },
): Promise<readonly Item[]> {
  if (limit === 0) return [];
  const found: Item[] = [];
  for await (const item of list(Math.min(limit, page.most))) if (found.push(item) === limit) break;
  return found;
}
