import { html, type Html } from "./html.ts";

export const assetHref = (key: string): string => `/assets/${encodeURIComponent(key)}`;
export const runHref = (id: string): string => `/runs/${id}`;
export const logHref = (run: string, step: number, attempt?: number): string =>
  `/runs/${run}/steps/${step}/log${attempt === undefined ? "" : `?attempt=${attempt}`}`;

export const assetLink = (key: string): Html => html`<a href="${assetHref(key)}">${key}</a>`;
export const runLink = (id: string): Html => html`<a class="id" href="${runHref(id)}">${id}</a>`;

/** A button that posts JSON to the API by page.js, then goes where the answer says. */
export function action(path: string, name: string, options: { readonly confirm?: string } = {}): Html {
  return html`<button
    type="button"
    data-post="${path}"
    ${options.confirm === undefined ? "" : html`data-confirm="${options.confirm}"`}
  >
    ${name}
  </button>`;
}
