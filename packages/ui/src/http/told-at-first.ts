/**
 * What a page asks as soon as it runs, told in its document: over a slow link each question costs a round trip. It asks the
 * same routes in the same name, so it is told what it would be answered. What takes long or fails is left to be asked for.
 */
import { setTimeout as wait } from "node:timers/promises";
import { newestEvent, type Database } from "@iroko/core/engine";
import type { Context, Hono } from "hono";

const askedByAll = ["/api/v1/session"];
/** Whatever the page's address says besides. */
const askedBy: Readonly<Record<string, readonly string[]>> = { home: ["/api/v1/home"] };

/** So long a document may wait for its end. */
const patienceMs = 10_000;

/** As JSON that can stand in a document; undefined: the page has to ask. Never fails. */
export type TellAtFirst = (c: Context, part: string) => Promise<string | undefined>;

export function tellsAtFirst(app: Hono, db: Database): TellAtFirst {
  const answerAt = async (c: Context, href: string): Promise<string> => {
    const headers = new Headers(c.req.raw.headers);
    for (const name of ["accept-encoding", "if-none-match"]) headers.delete(name);
    const answer = await app.request(href, { headers }, c.env as object);
    if (!answer.ok) throw new Error(`${href} was answered with ${answer.status}`);
    return `${JSON.stringify(href)}:${await answer.text()}`;
  };
  const told = async (c: Context, part: string): Promise<string> => {
    // First of all: what happens between two looks is told twice rather than not at all.
    const { xid, id } = await newestEvent(db);
    const answers = await Promise.all([...askedByAll, ...(askedBy[part] ?? [])].map((href) => answerAt(c, href)));
    // Nothing in it may end the element that it stands in.
    return `{"position":"${xid}.${id}","answers":{${answers.join()}}}`.replaceAll("<", "\\u003c");
  };
  return (c, part) => Promise.race([told(c, part).catch(() => undefined), wait(patienceMs, undefined, { ref: false })]);
}
