/**
 * What a page asks as soon as it runs, told in its document: over a slow link each question costs a round trip. It asks the
 * same routes in the same name, so it is told what it would be answered. What is not there soon holds nothing up: the browser
 * is told to ask for it along with the page's files.
 */
import { setTimeout as wait } from "node:timers/promises";
import { newestEvent, type Database } from "@iroko/core/engine";
import type { Context, Hono } from "hono";

const askedByAll = ["/api/v1/session"];
/** Whatever the page's address says besides. */
const askedBy: Readonly<Record<string, readonly string[]>> = { home: ["/api/v1/home"] };
/** A third of a far link's round trip. */
const soonMs = 100;

export interface ToldAtFirst {
  /** As it can stand in a document. */
  readonly json: string;
  /** What the page will still ask. */
  readonly left: readonly string[];
}

export type TellAtFirst = (c: Context, part: string) => Promise<ToldAtFirst>;

export function tellsAtFirst(app: Hono, db: Database): TellAtFirst {
  const answerAt = async (c: Context, href: string): Promise<string | undefined> => {
    const headers = new Headers(c.req.raw.headers);
    for (const name of ["accept-encoding", "if-none-match"]) headers.delete(name);
    const answer = await app.request(href, { headers }, c.env as object);
    return answer.ok ? answer.text() : undefined;
  };
  return async (c, part) => {
    const asked = [...askedByAll, ...(askedBy[part] ?? [])];
    const answers = new Map<string, string>();
    let position: string | undefined;
    const all = (async () => {
      // First of all: what happens between two looks is told twice rather than not at all.
      const { xid, id } = await newestEvent(db);
      position = `${xid}.${id}`;
      const keep = async (href: string): Promise<void> => {
        const answer = await answerAt(c, href);
        if (answer !== undefined) answers.set(href, answer);
      };
      await Promise.all(asked.map(keep));
    })();
    await Promise.race([all.catch(() => {}), wait(soonMs, undefined, { ref: false })]);
    const told = Array.from(answers, ([href, answer]) => `${JSON.stringify(href)}:${answer}`);
    return {
      // Nothing in it may end the element that it stands in.
      json: `{"position":${JSON.stringify(position ?? null)},"answers":{${told.join()}}}`.replaceAll("<", "\\u003c"),
      left: asked.filter((href) => !answers.has(href)),
    };
  };
}
