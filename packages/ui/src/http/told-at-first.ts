/**
 * What every page wants to know as soon as it runs, told in its document: over a slow link each question costs a round trip.
 * Where the stream stands is older than whatever the page is answered, so that it misses nothing in between. Both are there in
 * a millisecond; what takes longer, the browser asks for along with the page's files.
 */
import { setTimeout as wait } from "node:timers/promises";
import { newestEvent, type Database } from "@iroko/core/engine";
import type { Context, Hono } from "hono";

const session = "/api/v1/session";
/** Of a database that is busy or away the page finds out by itself. */
const patienceMs = 100;

/** As JSON that can stand in a document; undefined: the page has to ask. */
export type TellAtFirst = (c: Context) => Promise<string | undefined>;

export function tellsAtFirst(app: Hono, db: Database): TellAtFirst {
  const told = async (c: Context): Promise<string> => {
    const headers = new Headers(c.req.raw.headers);
    for (const name of ["accept-encoding", "if-none-match"]) headers.delete(name);
    // By its own route and in the same name: it is told what it would be answered.
    const [{ xid, id }, answer] = await Promise.all([
      newestEvent(db),
      app.request(session, { headers }, c.env as object),
    ]);
    if (!answer.ok) throw new Error(`${session} was answered with ${answer.status}`);
    // Nothing in it may end the element that it stands in.
    return `{"position":"${xid}.${id}","answers":{"${session}":${await answer.text()}}}`.replaceAll("<", "\\u003c");
  };
  return (c) => Promise.race([told(c).catch(() => undefined), wait(patienceMs, undefined, { ref: false })]);
}
