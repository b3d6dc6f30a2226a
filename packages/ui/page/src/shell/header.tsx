import type { JSX } from "preact";
import { session } from "../api/session.ts";
import { path } from "../router.ts";
import { openPalette } from "./palette.tsx";
import { places } from "./places.ts";
import { ThemeButton } from "./theme-button.tsx";

const isAt = (href: string, at: string): boolean =>
  href === "/" ? at === "/" : at === href || at.startsWith(`${href}/`);

export function Header(): JSX.Element {
  const at = path.value.startsWith("/assets/") ? "/lineage" : path.value;
  return (
    <header>
      <a class="brand" href="/">
        <img src="/icon.svg" alt="" width="22" height="22" /> Iroko
      </a>
      <nav aria-label="Pages">
        {places.map(({ href, name, keys }) => (
          <a key={href} href={href} aria-current={isAt(href, at) ? "page" : undefined} title={keys}>
            {name}
          </a>
        ))}
      </nav>
      <button type="button" class="search" onClick={openPalette} aria-keyshortcuts="Control+K">
        Search <kbd>Ctrl K</kbd>
      </button>
      <ThemeButton />
      {session.value === undefined || session.value.kind === "machine" ? null : (
        <span class="who">
          <a href="/account" title={session.value.name}>
            {session.value.name}
          </a>{" "}
          <span class="faint">({session.value.role})</span> <a href="/logout">Sign out</a>
        </span>
      )}
    </header>
  );
}
