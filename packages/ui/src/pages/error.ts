import type { Context } from "hono";
import type { Failure } from "../http/failure.ts";
import { errorBox } from "../parts/error-box.ts";
import { html } from "../parts/html.ts";
import { layout } from "../parts/layout.ts";

/** A page that cannot be shown, and why. */
export function errorPage(c: Context, { status, error }: Failure): Response | Promise<Response> {
  const title = status === 404 ? "Not found" : "This did not work";
  return c.html(
    layout({
      title,
      at: "none",
      main: html`<h1>${title}</h1>
        ${errorBox(error)}`,
    }),
    status,
  );
}
