/**
 * What every request has to pass before any route sees it, whoever makes it: the server is called by its own name, and what
 * changes something comes from its own page or from a program with a token. On loopback there is no login, so that no web
 * page that this machine's user visits may reach it, by whatever name it calls this machine.
 */
import { IrokoError } from "@iroko/core";
import type { Context, MiddlewareHandler, Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Database } from "@iroko/core/engine";
import { auditRefusal, isRead, operationAt } from "../auth/audit-changes.ts";
import { addressOf, callerOf, isSignedIn } from "../auth/caller.ts";
import { csrfHeader, requireCsrfToken } from "../auth/csrf.ts";
import type { Exposure } from "../auth/exposure.ts";
import { forms } from "../auth/form-page.ts";
import { livenessPath } from "../auth/open-routes.ts";
import { rateLimit } from "./rate-limit.ts";
import { requireRole } from "./require-role.ts";

const loopbackHosts = new Set(["127.0.0.1", "localhost", "[::1]"]);
const maxBodyBytes = 64 * 1024;

const headers: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** First of all: before anybody is asked who it is. */
export function guard(exposure: Exposure): MiddlewareHandler {
  return async (c, next) => {
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    if (exposure.kind === "public") c.header("strict-transport-security", "max-age=31536000");
    if (c.req.path !== livenessPath) {
      refuseForeignHost(c, exposure);
      refusePlainHttp(c, exposure);
    }
    await next();
  };
}

/**
 * Once it is known who asks: what a request that changes something has to be like. What is refused is told in the audit, but
 * for what other sites' pages send, and for more than a caller may ask for: nobody shall fill the disk by it.
 */
export function guardChanges(db: Database, exposure: Exposure): MiddlewareHandler {
  const rate = rateLimit();
  const limitBody = bodyLimit({
    maxSize: maxBodyBytes,
    async onError(c) {
      const refusal = new IrokoError("BODY_TOO_LARGE", `A request's body may hold ${maxBodyBytes} bytes.`, {
        hint: "Ask for partitions as ranges: 2026-11-01..2026-11-30.",
      });
      await auditRefusal(db, c, refusal.code);
      throw refusal;
    },
  }) as (c: Context, next: Next) => Promise<Response | void>;
  return async (c, next) => {
    if (isRead(c)) return next();
    refuseForeignOrigin(c, exposure);
    if (isSignedIn(c)) {
      const { principal } = callerOf(c);
      rate.take(`${principal.kind} ${principal.id ?? addressOf(c, exposure)}`, performance.now());
    }
    try {
      refuseOtherContent(c);
      if (isSignedIn(c) && !isForm(c)) refuseOtherCallers(c);
    } catch (error) {
      if (error instanceof IrokoError) await auditRefusal(db, c, error.code);
      throw error;
    }
    await limitBody(c, next);
  };
}

/** Before its body is read; a form's token is in there, where its route looks for it. */
function refuseOtherCallers(c: Context): void {
  const { session } = callerOf(c);
  if (session !== undefined) requireCsrfToken(session, c.req.header(csrfHeader));
  // What is no operation of the contract has no role of its own.
  requireRole(c, operationAt(c)?.role ?? "operator");
}

/** A name that somebody else's DNS points at this machine is not ours. On loopback any port: a tunnel may have another. */
function refuseForeignHost(c: Context, exposure: Exposure): void {
  const host = (c.req.header("host") ?? "").toLowerCase();
  const isOwn =
    exposure.kind === "loopback"
      ? loopbackHosts.has(host.replace(/:\d+$/, ""))
      : /^[\w.:[\]-]+$/.test(host) && URL.parse(`https://${host}`)?.origin === exposure.origin;
  if (isOwn) return;
  throw new IrokoError("HOST_REFUSED", `This server does not answer to the name ${JSON.stringify(host)}.`, {
    hint:
      exposure.kind === "loopback"
        ? "Open it as http://127.0.0.1 or http://localhost, with its port."
        : `Open it as ${exposure.origin}`,
  });
}

function refusePlainHttp(c: Context, exposure: Exposure): void {
  if (exposure.kind === "loopback" || !exposure.behindProxy) return;
  if (c.req.header("x-forwarded-proto")?.split(",").at(-1)?.trim() === "https") return;
  throw new IrokoError("HTTPS_NEEDED", "This server is reached by TLS only, and its proxy says nothing of that.", {
    hint: `Open it as ${exposure.origin}. The proxy has to send: X-Forwarded-Proto: https`,
  });
}

/** Browsers send it with everything but GET. Only a program with a token may leave it out: no browser adds that by itself. */
function refuseForeignOrigin(c: Context, exposure: Exposure): void {
  const own = exposure.kind === "public" ? exposure.origin : `http://${c.req.header("host")}`;
  const origin = c.req.header("origin");
  if (origin === own) return;
  if (origin === undefined && isSignedIn(c) && callerOf(c).principal.kind === "token") return;
  const says = origin === undefined ? "none" : JSON.stringify(origin);
  throw new IrokoError("ORIGIN_REFUSED", `Only its own page may change something here; the Origin was ${says}.`, {
    hint: `Send the header "Origin: ${own}".`,
  });
}

const isForm = (c: Context): boolean => forms.has(c.req.path);

function refuseOtherContent(c: Context): void {
  const type = c.req.header("content-type")?.trim() ?? "";
  const wanted = isForm(c) ? "application/x-www-form-urlencoded" : "application/json";
  const encoding = c.req.header("content-encoding");
  // What unpacks to a thousand times its size is never unpacked.
  if (encoding !== undefined) {
    throw new IrokoError("CONTENT_TYPE", `A body encoded as ${JSON.stringify(encoding)} is not read here.`, {
      hint: "Send it as it is, without the header Content-Encoding.",
    });
  }
  if (new RegExp(`^${wanted}(?:\\s*;\\s*charset=utf-8)?$`, "i").test(type)) return;
  throw new IrokoError("CONTENT_TYPE", `A body of type ${JSON.stringify(type)} is not read here.`, {
    hint: `Send it with the header "Content-Type: ${wanted}".`,
  });
}
