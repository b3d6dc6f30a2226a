/** Where the reader is: the address is the only state that says so, so every view can be linked, reloaded and gone back to. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { decode } from "./decode.ts";

interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly hash: string;
}

const read = (): Place => {
  const { pathname, search, hash } = location;
  return { path: pathname, query: new URLSearchParams(search), hash: hash.slice(1) };
};

const here = signal(read());
export const place: ReadonlySignal<Place> = here;
export const path: ReadonlySignal<string> = computed(() => here.value.path);

addEventListener("popstate", () => (here.value = read()));

/** Paths that this page draws; others are left to the server. */
const drawn: ((path: string) => boolean)[] = [];
export function drawsPaths(test: (path: string) => boolean): void {
  drawn.push(test);
}

export function go(href: string, { replace = false } = {}): void {
  const url = new URL(href, location.href);
  if (!drawn.some((test) => test(url.pathname))) return void location.assign(href);
  const isElsewhere = url.pathname !== location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", url);
  here.value = read();
  if (isElsewhere && !replace) scrollTo(0, 0);
}

/** Changes parts of the query; null or "" takes one away. Replaces the address: a filter is no page of its own. */
export function setQuery(changes: Readonly<Record<string, string | null>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(`${location.pathname}${text === "" ? "" : `?${text}`}${location.hash}`, { replace: true });
}

/** Plain clicks on links to this page are followed without a load. */
export function followLinks(): void {
  document.addEventListener("click", (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element).closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.target !== "" || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || link.getAttribute("href")!.startsWith("#")) return;
    event.preventDefault();
    go(link.href);
  });
}

/** The values in a path that has the pattern's shape: `/runs/:id`. */
export function match(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split("/");
  const given = path.replace(/(?<=.)\/$/, "").split("/");
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith(":")) values[part.slice(1)] = decode(given[at]!);
    else if (part !== given[at]) return undefined;
  }
  return values;
}
