/** The frame around every page. */
import { signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { loadAnew } from "./load-anew.ts";
import { Failure } from "./parts/failure.tsx";
import { path } from "./router.ts";
import { routeAt, type PageProps } from "./routes.ts";
import { Banner } from "./shell/banner.tsx";
import { Header } from "./shell/header.tsx";
import { Help } from "./shell/help.tsx";
import { Palette } from "./shell/palette.tsx";
import { places } from "./shell/places.ts";
import { score } from "./shell/score.ts";

interface Shown {
  readonly pattern: string;
  readonly Page: ComponentType<PageProps>;
}

const shown = signal<Shown | undefined>(undefined);
/** The address whose part of the page did not arrive: the link cut it off, or another version has replaced its files. */
const cutOff = signal<string | undefined>(undefined);

async function show(at: string): Promise<void> {
  cutOff.value = undefined;
  const found = routeAt(at);
  if (found === undefined) return void (shown.value = undefined);
  const { pattern, load } = found.route;
  if (shown.peek()?.pattern === pattern) return;
  try {
    const { default: Page } = await load();
    if (routeAt(path.peek())?.route.pattern === pattern) shown.value = { pattern, Page };
  } catch {
    if (path.peek() !== at) return;
    cutOff.value = at;
    await loadAnew(() => cutOff.peek() === at);
  }
}

export function App(): JSX.Element {
  const at = path.value;
  useEffect(() => void show(at), [at]);
  const found = routeAt(at);
  const page = shown.value;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <Banner />
      <main id="main" tabIndex={-1}>
        {cutOff.value === at ? (
          <>
            <Failure
              error={{
                code: "PAGE_CUT",
                message: "This part of the page did not arrive.",
                hint: "It is loaded again by itself when the server answers.",
              }}
            />
            <p>
              <button type="button" onClick={() => location.reload()}>
                Load it again
              </button>
            </p>
          </>
        ) : found === undefined ? (
          <>
            <h1>Nothing here</h1>
            <Failure
              error={{
                code: "NOT_FOUND",
                message: `There is nothing at ${at}.`,
                hint: `${meantBy(at)}Search with Ctrl K, or go on from one of these.`,
              }}
            />
            <p class="row">
              {places.map(({ href, name }) => (
                <a key={href} class="button" href={href}>
                  {name}
                </a>
              ))}
            </p>
          </>
        ) : page?.pattern === found.route.pattern ? (
          <page.Page key={at} in={found.values} />
        ) : null}
      </main>
      <Palette />
      <Help />
    </>
  );
}

/** The page whose address has these letters, in this order. */
function meantBy(at: string): string {
  const meant = places.find(({ href }) => href !== "/" && score(href, at) !== undefined);
  return meant === undefined ? "" : `Did you mean ${meant.href}? `;
}

/** A page's name in the browser's tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Iroko`;
  }, [title]);
}
