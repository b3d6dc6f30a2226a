/** A page with a form to this server, and nothing that would have to be loaded: it works without JavaScript. */
import type { Context } from "hono";
import type { Failure } from "../http/failure.ts";
import { html, type Html } from "./html.ts";

/** Those that are sent as forms, and the operation that each does; none where it tells the audit of itself. */
export const forms: ReadonlyMap<string, string | undefined> = new Map([
  ["/login", undefined],
  ["/logout", undefined],
  ["/account/password", "session.setPassword"],
  ["/account/end-all", "session.endAll"],
]);

export function formPage(
  c: Context,
  status: Failure["status"],
  title: string,
  main: Html,
  head: Html | string = "",
): Response | Promise<Response> {
  // The one place with forms: to this server. Their Origin would be hidden by a stricter referrer policy.
  c.header(
    "content-security-policy",
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  );
  c.header("referrer-policy", "same-origin");
  return c.html(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          ${head}
          <title>${title} · Iroko</title>
          <link rel="icon" href="/icon.svg" />
          <link rel="stylesheet" href="/style.css" />
        </head>
        <body>
          <header>
            <span class="brand"><img src="/icon.svg" alt="" width="22" height="22" /> Iroko</span>
          </header>
          <main id="main">
            <h1>${title}</h1>
            ${main}
          </main>
        </body>
      </html>`,
    status,
  );
}
