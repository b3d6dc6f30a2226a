import { html, type Html } from "./html.ts";

export interface Layout {
  readonly title: string;
  readonly at: "home" | "lineage" | "runs" | "schedules" | "instance" | "none";
  /** It is fetched again after so many seconds; absent: nothing on it moves any more. */
  readonly liveSeconds?: number | undefined;
  readonly main: Html;
}

const places = [
  { at: "home", href: "/", name: "Home" },
  { at: "lineage", href: "/lineage", name: "Lineage" },
  { at: "runs", href: "/runs", name: "Runs" },
  { at: "schedules", href: "/schedules", name: "Schedules" },
  { at: "instance", href: "/instance", name: "Instance" },
] as const;

/** What moves now is looked at every second, what may begin to move less often: each look costs queries. */
export const moving = 1;
export const resting = 5;

/** A whole page. */
export function layout({ title, at, liveSeconds, main }: Layout): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Iroko</title>
        <link rel="icon" href="/icon.svg" />
        <link rel="stylesheet" href="/style.css" />
        <script src="/page.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <a class="brand" href="/"><img src="/icon.svg" alt="" width="22" height="22" /> Iroko</a>
          <nav aria-label="Pages">
            ${places.map(
              (place) =>
                html`<a href="${place.href}" ${place.at === at ? html`aria-current="page"` : ""}>${place.name}</a>`,
            )}
          </nav>
        </header>
        <main id="main" ${liveSeconds === undefined ? "" : html`data-live="${liveSeconds}"`}>${main}</main>
      </body>
    </html>`;
}

/** What a list says that has nothing in it: the command that fills it. */
export function emptyState(sentence: string, command?: string): Html {
  return html`<p class="empty">${sentence}${command === undefined ? "" : html` <code>${command}</code>`}</p>`;
}
