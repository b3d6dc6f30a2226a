/** A session's cookie comes along by itself; that its own page has sent a request shows by what only that page knows. */
import { timingSafeEqual } from "node:crypto";
import { IrokoError } from "@iroko/core";
import { csrfToken } from "@iroko/core/engine";

export const csrfHeader = "x-iroko-csrf";

/** @throws {IrokoError} CSRF_REFUSED */
export function requireCsrfToken(session: string, given: string | undefined): void {
  const wanted = Buffer.from(csrfToken(session));
  const got = Buffer.from(given ?? "");
  if (wanted.length === got.length && timingSafeEqual(wanted, got)) return;
  throw new IrokoError("CSRF_REFUSED", "This did not come from the page of your session.", {
    hint: "Load the page again, and try once more.",
  });
}
