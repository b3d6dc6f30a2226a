/**
 * What every request has to pass before any route sees it. The server has no login: it is for this machine's user alone,
 * so no web page that this user visits may reach it, by whatever name it calls this machine.
 */
import { IrokoError } from "@iroko/core";
import type { Context, Next } from "hono";
import { bodyLimit } from "hono/body-limit";

const allowedHosts = new Set(["127.0.0.1", "localhost", "[::1]"]);
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

const limitBody = bodyLimit({
  maxSize: maxBodyBytes,
  onError: () => {
    throw new IrokoError("BODY_TOO_LARGE", `A request's body may hold ${maxBodyBytes} bytes.`, {
      hint: "Ask for partitions as ranges: 2026-11-01..2026-11-30.",
    });
  },
});

export async function guard(c: Context, next: Next): Promise<void> {
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  const host = c.req.header("host") ?? "";
  refuseForeignHost(host);
  if (c.req.method !== "GET" && c.req.method !== "HEAD") {
    refuseForeignOrigin(c.req.header("origin"), host);
    refuseOtherContent(c.req.header("content-type"));
    await limitBody(c, next);
  } else {
    await next();
  }
}

/** A name that somebody else's DNS points at this machine is not ours. Any port: a tunnel may have another. */
function refuseForeignHost(host: string): void {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (allowedHosts.has(name)) return;
  throw new IrokoError("HOST_REFUSED", `This server does not answer to the name ${JSON.stringify(host)}.`, {
    hint: "Open it as http://127.0.0.1 or http://localhost, with its port.",
  });
}

/** Browsers send it with everything but GET; who sends none is no browser page of ours. */
function refuseForeignOrigin(origin: string | undefined, host: string): void {
  if (origin === `http://${host}`) return;
  const says = origin === undefined ? "none" : JSON.stringify(origin);
  throw new IrokoError("ORIGIN_REFUSED", `Only its own page may change something here; the Origin was ${says}.`, {
    hint: `Send the header "Origin: http://${host}".`,
  });
}

function refuseOtherContent(type: string | undefined): void {
  if (type !== undefined && /^application\/json(?:\s*;\s*charset=utf-8)?$/i.test(type.trim())) return;
  throw new IrokoError("CONTENT_TYPE", `A body of type ${JSON.stringify(type ?? "")} is not read here.`, {
    hint: 'Send JSON with the header "Content-Type: application/json".',
  });
}
