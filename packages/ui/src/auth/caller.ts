/** Who makes a request, as `authenticate` has found out and everything after it may ask. */
import { isIP } from "node:net";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Actor, Principal } from "@iroko/core/engine";
import type { Context } from "hono";
import type { Exposure } from "./exposure.ts";

export interface Caller {
  readonly principal: Principal;
  /** How the audit names it. */
  readonly actor: Actor;
  /** The secret of the browser's session, where there is one. */
  readonly session?: string | undefined;
}

const callers = new WeakMap<Context, Caller>();

export function setCaller(c: Context, caller: Caller): void {
  callers.set(c, caller);
}

/** Every route but the few that are open to all has one: a route without is our mistake, and no way in. */
export function callerOf(c: Context): Caller {
  const caller = callers.get(c);
  if (caller === undefined) throw new Error(`nobody has been asked for at ${c.req.path}`);
  return caller;
}

export function isSignedIn(c: Context): boolean {
  return callers.has(c);
}

/** The other end's; behind a proxy what that one has added last to X-Forwarded-For, which nobody before it can write. */
export function addressOf(c: Context, exposure: Exposure): string {
  if (exposure.kind === "public" && exposure.behindProxy) {
    const last = c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim() ?? "";
    if (isIP(last) !== 0) return last;
  }
  return getConnInfo(c).remote.address?.replace(/^::ffff:/, "") ?? "unknown";
}
