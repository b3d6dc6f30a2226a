/** Asks who makes a request, before any route: a token's or a session's, or this machine's user where nobody else can be. */
import { userInfo } from "node:os";
import { IrokoError } from "@iroko/core";
import { principalOfSession, principalOfToken, type Database, type Principal } from "@iroko/core/engine";
import type { Context, MiddlewareHandler } from "hono";
import { addressOf, setCaller, type Caller } from "./caller.ts";
import { sessionSecretOf } from "./cookies.ts";
import type { Exposure } from "./exposure.ts";
import { isOpen } from "./open-routes.ts";
import { whileKnown } from "./while-known.ts";

export function authenticate(db: Database, exposure: Exposure): MiddlewareHandler {
  return async (c, next) => {
    refuseTokenInUrl(c);
    const find = (): Promise<Caller | undefined> => findCaller(c, db, exposure);
    const caller = await find();
    if (caller !== undefined) setCaller(c, caller);
    else if (!isOpen(c)) {
      throw new IrokoError("SIGN_IN_NEEDED", "This server wants to know who you are.", {
        hint: "Sign in at /login, or send a token: Authorization: Bearer iroko_…",
      });
    }
    await next();
    if (caller !== undefined && caller.principal.kind !== "machine") whileKnown(c, find);
  };
}

async function findCaller(c: Context, db: Database, exposure: Exposure): Promise<Caller | undefined> {
  const address = addressOf(c, exposure);
  const called = (principal: Principal, via: "page" | "token", session?: string): Caller => ({
    principal,
    actor: { kind: principal.kind, name: principal.name, via, address },
    session,
  });
  const authorization = c.req.header("authorization");
  if (authorization !== undefined) {
    const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "";
    return called(await principalOfToken(db, token), "token");
  }
  if (exposure.kind === "loopback") return called(machine, "page");
  const secret = sessionSecretOf(c);
  const principal = secret === undefined ? undefined : await principalOfSession(db, secret);
  return principal && called(principal, "page", secret);
}

const machine: Principal = { kind: "machine", name: machineUser(), role: "admin" };

function machineUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown"; // a container's user that no passwd file names
  }
}

/** Addresses are kept by proxies, histories and logs. */
function refuseTokenInUrl(c: Context): void {
  if (!/iroko_[0-9a-z]{12}_/i.test(decodeLoosely(c.req.url))) return;
  throw new IrokoError("TOKEN_IN_URL", "A token in an address is known to whatever keeps addresses.", {
    hint: "Revoke it (iroko tokens revoke), make another, and send that as: Authorization: Bearer iroko_…",
  });
}

const decodeLoosely = (text: string): string =>
  text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
