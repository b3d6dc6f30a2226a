import type { ErrorRecord } from "@iroko/core";
import { html, type Html } from "./html.ts";

/** What happened, where, and what to do next. */
export function errorBox({ code, message, hint, place, stack }: ErrorRecord): Html {
  const where = [
    place?.subject,
    place?.file &&
      `${place.file}${place.line === undefined ? "" : `:${place.line}${place.column === undefined ? "" : `:${place.column}`}`}`,
  ].filter(Boolean);
  return html`<div class="error">
    <p><strong>${code}</strong> <span class="message">${message}</span></p>
    ${where.length === 0 ? "" : html`<p class="place">at ${where.join(", ")}</p>`}
    ${hint === undefined ? "" : html`<p class="hint">→ ${hint}</p>`}
    ${
      stack === undefined
        ? ""
        : html`<details>
            <summary>Stack</summary>
            <pre>${stack}</pre>
          </details>`
    }
  </div>`;
}
