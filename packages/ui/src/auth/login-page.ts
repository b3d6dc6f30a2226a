/** Signing in and out: plain forms, for browsers without JavaScript, too. */
import { IrokoError } from "@iroko/core";
import { csrfToken, endLoginSession, insertAudit, openLoginSession, type Database } from "@iroko/core/engine";
import { Hono, type Context } from "hono";
import { failureOf, type Failure } from "../http/failure.ts";
import { formPage } from "./form-page.ts";
import { html } from "./html.ts";
import { addressOf, callerOf, isSignedIn } from "./caller.ts";
import { giveCookies, sessionSecretOf, takeCookies } from "./cookies.ts";
import { requireCsrfToken } from "./csrf.ts";
import type { Exposure } from "./exposure.ts";

/** GET and POST /login; GET and POST /logout; where nobody signs in, both lead to the page. */
export function loginPages(db: Database, exposure: Exposure): Hono {
  const app = new Hono();
  if (exposure.kind === "loopback") {
    for (const path of ["/login", "/logout"]) app.get(path, (c) => c.redirect("/", 303));
    return app;
  }
  return app
    .get("/login", (c) => {
      const next = ownPath(c.req.query("next"));
      return isSignedIn(c) ? c.redirect(next, 303) : loginForm(c, { next, status: 200 });
    })
    .post("/login", async (c) => {
      const form = new URLSearchParams(await c.req.text());
      const next = ownPath(form.get("next") ?? undefined);
      const name = form.get("name") ?? "";
      const password = form.get("password") ?? "";
      try {
        const old = sessionSecretOf(c);
        const from = { via: "page", address: addressOf(c, exposure) } as const;
        const { secret } = await openLoginSession(db, { name, password }, from);
        if (old !== undefined) await endLoginSession(db, old);
        giveCookies(c, secret);
        return c.redirect(next, 303);
      } catch (error) {
        if (!(error instanceof IrokoError)) throw error;
        const failure = failureOf(error);
        if (failure.retryAfterSeconds !== undefined) c.header("retry-after", `${failure.retryAfterSeconds}`);
        return loginForm(c, { next, status: failure.status, error: failure.error });
      }
    })
    .get("/logout", (c) => {
      const { principal, session } = callerOf(c);
      return formPage(
        c,
        200,
        "Sign out",
        html`<p>You are signed in as <strong>${principal.name}</strong>, ${principal.role}.</p>
          <form method="post" action="/logout">
            <input type="hidden" name="csrf" value="${session === undefined ? "" : csrfToken(session)}" />
            <p><button class="primary">Sign out</button> <a href="/">Back to the page</a></p>
          </form>`,
      );
    })
    .post("/logout", async (c) => {
      const { actor, session } = callerOf(c);
      if (session === undefined) throw new IrokoError("NOT_FOUND", "A token has no session that could end.");
      requireCsrfToken(session, new URLSearchParams(await c.req.text()).get("csrf") ?? undefined);
      await endLoginSession(db, session);
      await insertAudit(db, actor, { operation: "sessions.close", outcome: "done" });
      takeCookies(c);
      c.header("clear-site-data", '"cache", "storage"');
      return c.redirect("/login", 303);
    });
}

/** Instead of a page that nobody may see who has not signed in. */
export function signInPage(c: Context, failure: Failure): Response | Promise<Response> {
  const { pathname, search } = new URL(c.req.url);
  // A link from another site comes without the cookie: asked for once more by the page itself, it comes with it.
  const isLink = c.req.header("sec-fetch-site") === "cross-site" && c.req.method === "GET";
  return isLink
    ? formPage(
        c,
        failure.status,
        "One moment",
        html`<p><a href="">Go on</a></p>`,
        html`<meta http-equiv="refresh" content="0" />`,
      )
    : loginForm(c, { next: ownPath(pathname + search), status: failure.status });
}

interface LoginForm {
  readonly next: string;
  readonly status: Failure["status"];
  readonly error?: Failure["error"];
}

function loginForm(c: Context, { next, status, error }: LoginForm): Response | Promise<Response> {
  return formPage(
    c,
    status,
    "Sign in",
    html`${error === undefined ? "" : html`<p class="error" role="alert">${error.message} ${error.hint ?? ""}</p>`}
      <form method="post" action="/login">
        <p>
          <label for="name" class="faint">Name</label><br />
          <input id="name" name="name" autocomplete="username" autocapitalize="none" required autofocus />
        </p>
        <p>
          <label for="password" class="faint">Password</label><br />
          <input id="password" name="password" type="password" autocomplete="current-password" required />
        </p>
        <input type="hidden" name="next" value="${next}" />
        <p><button class="primary">Sign in</button></p>
      </form>
      <p class="faint">An admin makes users on the server's machine: <code>iroko users add NAME</code></p>`,
  );
}

/** A path of this server and nothing else, wherever it was read from; its start where it is anything else. */
function ownPath(text: string | undefined): string {
  const base = "https://own.invalid";
  const url = URL.parse(text ?? "/", base);
  if (url?.origin !== base || !/^\/(?![/\\])/.test(text ?? "/")) return "/";
  return /^\/log(?:in|out)$/.test(url.pathname) ? "/" : url.pathname + url.search;
}
