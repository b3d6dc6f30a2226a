/** The one way to write markup: whatever is put into it is escaped, unless it is such markup itself. */
import type { HtmlEscapedString } from "hono/utils/html";

export { html } from "hono/html";
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;
