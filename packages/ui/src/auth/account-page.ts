/** One's own account: a new password, the browsers in which one is signed in, and signing out of all of them. */
import { IrokoError } from "@iroko/core";
import {
  beginAttempt,
  changeOwnPassword,
  csrfToken,
  endOwnSessions,
  ownSessions,
  requireUser,
  type Database,
} from "@iroko/core/engine";
import { Hono, type Context } from "hono";
import { failureOf, type Failure } from "../http/failure.ts";
import { untold } from "./audit-changes.ts";
import { callerOf } from "./caller.ts";
import { takeCookies } from "./cookies.ts";
import { requireCsrfToken } from "./csrf.ts";
import type { Exposure } from "./exposure.ts";
import { formPage } from "./form-page.ts";
import { html } from "./html.ts";

/** GET /account and what its forms send; where nobody signs in, it leads to the page. */
export function accountPages(db: Database, exposure: Exposure): Hono {
  const app = new Hono();
  if (exposure.kind === "loopback") return app.get("/account", (c) => c.redirect("/", 303));
  return app
    .get("/account", (c) => accountPage(c, db, { status: 200, says: "" }))
    .post("/account/password", async (c) => {
      const { principal, actor } = callerOf(c);
      const { form, session } = await formOf(c);
      try {
        const [password, again] = [form.get("password") ?? "", form.get("again") ?? ""];
        if (password !== again)
          throw new IrokoError("REQUEST_INVALID", "The new password is not the same both times.", {
            hint: "Nothing has been changed.",
          });
        const attempt = await untold(() => beginAttempt(db, requireUser(principal).name, actor.address ?? "unknown"));
        await changeOwnPassword(db, { current: form.get("current") ?? "", password, session }, attempt);
      } catch (error) {
        if (!(error instanceof IrokoError)) throw error;
        c.error = error;
        const { status, error: failure, retryAfterSeconds } = failureOf(error);
        if (retryAfterSeconds !== undefined) c.header("retry-after", `${retryAfterSeconds}`);
        return accountPage(c, db, { status, says: `${failure.message} ${failure.hint ?? ""}` });
      }
      return accountPage(c, db, { status: 200, says: "Your password is changed. Everywhere else you are signed out." });
    })
    .post("/account/end-all", async (c) => {
      await formOf(c);
      await endOwnSessions(db, requireUser(callerOf(c).principal));
      takeCookies(c);
      c.header("clear-site-data", '"cache", "storage"');
      return c.redirect("/login", 303);
    });
}

/** @throws {IrokoError} CSRF_REFUSED; NOT_FOUND for a token, which has no page */
async function formOf(c: Context): Promise<{ readonly form: URLSearchParams; readonly session: string }> {
  const { session } = callerOf(c);
  if (session === undefined)
    throw new IrokoError("NOT_FOUND", "A form is for those who have signed in.", {
      hint: "With a token, use the API: session.setPassword, session.endAll.",
    });
  const form = new URLSearchParams(await c.req.text());
  requireCsrfToken(session, form.get("csrf") ?? undefined);
  return { form, session };
}

interface Told {
  readonly status: Failure["status"];
  readonly says: string;
}

async function accountPage(c: Context, db: Database, { status, says }: Told): Promise<Response> {
  const { principal, session } = callerOf(c);
  const user = requireUser(principal);
  const csrf = session === undefined ? "" : csrfToken(session);
  const open = await ownSessions(db, user, session);
  return formPage(
    c,
    status,
    "Your account",
    html`<p>You are <strong>${user.name}</strong>, ${principal.role}. <a href="/">Back to the page</a></p>
      ${says === "" ? "" : html`<p class="${status === 200 ? "" : "error"}" role="alert">${says}</p>`}
      <h2>Password</h2>
      <form method="post" action="/account/password">
        <input type="hidden" name="csrf" value="${csrf}" />
        <input type="text" name="username" value="${user.name}" autocomplete="username" hidden />
        ${passwordField("current", "Present password", "current-password")}
        ${passwordField("password", "New password, of 12 characters or more", "new-password")}
        ${passwordField("again", "New password once more", "new-password")}
        <p><button class="primary">Change it</button></p>
      </form>
      <h2>Where you are signed in</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">Since (UTC)</th>
              <th scope="col">Seen (UTC)</th>
            </tr>
          </thead>
          <tbody>
            ${open.map(
              ({ address, createdAt, lastSeenAt, current }) =>
                html`<tr>
                  <td>${address}${current ? html` <strong>(here)</strong>` : ""}</td>
                  <td>${minute(createdAt)}</td>
                  <td>${minute(lastSeenAt)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <form method="post" action="/account/end-all">
        <input type="hidden" name="csrf" value="${csrf}" />
        <p class="row">
          <button>Sign out everywhere</button> <span class="faint">API tokens stay; revoke those on their own.</span>
        </p>
      </form>`,
  );
}

function passwordField(name: string, label: string, autocomplete: string) {
  return html`<p>
    <label for="${name}" class="faint">${label}</label><br />
    <input id="${name}" name="${name}" type="password" autocomplete="${autocomplete}" required />
  </p>`;
}

const minute = (at: Temporal.Instant): string => at.toString().slice(0, 16).replace("T", " ");
