/**
 * What a signed-in browser holds: the session's secret, which no script sees, and the token against forged requests, which
 * its own page reads and sends back. The prefix makes the browser refuse them from anywhere but this very host, by TLS.
 */
import { csrfToken } from "@iroko/core/engine";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";

const sessionCookie = "iroko";
const csrfCookie = "iroko-csrf";
const everywhere = { path: "/", secure: true, sameSite: "Strict", prefix: "host" } as const;

export function sessionSecretOf(c: Context): string | undefined {
  return getCookie(c, sessionCookie, "host");
}

export function giveCookies(c: Context, secret: string): void {
  setCookie(c, sessionCookie, secret, { ...everywhere, httpOnly: true });
  setCookie(c, csrfCookie, csrfToken(secret), everywhere);
}

export function takeCookies(c: Context): void {
  deleteCookie(c, sessionCookie, everywhere);
  deleteCookie(c, csrfCookie, everywhere);
}
