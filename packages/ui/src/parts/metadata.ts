/** A metadata value as its type deserves. Text is text: nothing in it becomes markup, no link leaves http. */
import type { Metadata, MetadataValue } from "@iroko/core";
import { html, type Html } from "./html.ts";
import { byteText, count } from "./numbers.ts";
import { spanText, time } from "./time.ts";

export function metadataList(metadata: Metadata | null, timezone: string): Html | "" {
  const entries = Object.entries(metadata ?? {});
  if (entries.length === 0) return "";
  return html`<dl class="facts">
    ${entries.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${shown(value, timezone)}</dd>
        </div>`,
    )}
  </dl>`;
}

function shown(entry: MetadataValue, timezone: string): Html | string {
  switch (entry.type) {
    case "int":
      return count(entry.value);
    case "float":
    case "boolean":
      return String(entry.value);
    case "bytes":
      return byteText(entry.value);
    case "duration":
      return spanText(entry.value, 2);
    case "timestamp":
      return time(Temporal.Instant.from(entry.value), timezone);
    case "url":
      return /^https?:\/\//i.test(entry.value)
        ? html`<a href="${entry.value}" rel="noreferrer noopener">${entry.value}</a>`
        : entry.value;
    case "decimal":
    case "text":
    case "path":
      return entry.value;
    case "markdown":
      return html`<pre>${entry.value}</pre>`;
    case "json":
      return html`<code>${JSON.stringify(entry.value)}</code>`;
    case "table":
      return html`<table>
        <thead>
          <tr>
            ${entry.columns.map((column) => html`<th scope="col">${column}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${entry.rows.map(
            (row) =>
              html`<tr>
                ${row.map((cell) => html`<td>${typeof cell === "string" ? cell : JSON.stringify(cell)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>`;
    case "tableSchema":
      return entry.columns.map(({ name, type }) => `${name} ${type}`).join(", ");
  }
}
