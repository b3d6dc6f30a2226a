/** Search: jumps to assets, runs, schedules and pages. Works from what is known, also while the server is away. */
import type { Lineage } from "@iroko/core/client";
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { address } from "../api/get.ts";
import { useResource } from "../api/resource.ts";
import { assetHref, runHref } from "../parts/links.ts";
import { go } from "../router.ts";
import { places } from "./places.ts";
import { score } from "./score.ts";

const isOpen = signal(false);
export const openPalette = (): void => void (isOpen.value = true);

interface Entry {
  readonly name: string;
  readonly kind: string;
  readonly href: string;
}

const mostShown = 12;
const uuidLike = /^[0-9a-f]{8}(?:-[0-9a-f-]*)?$/i;

export function Palette(): JSX.Element | null {
  return isOpen.value ? <OpenPalette /> : null;
}

function OpenPalette(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [chosen, choose] = useState(0);
  const catalog = useResource<Lineage>(address("/lineage", { whole: true }), { namesOnly: true });
  useEffect(() => dialog.current?.showModal(), []);

  const found = useMemo(() => {
    const all: Entry[] = [
      ...places.map(({ name, href }) => ({ name, href, kind: "page" })),
      ...(catalog.value?.keys ?? []).map((key, at) => ({
        name: key,
        href: assetHref(key),
        kind: catalog.value!.groups[catalog.value!.group[at]!]!,
      })),
    ];
    if (uuidLike.test(text.trim())) all.unshift({ name: text.trim(), href: runHref(text.trim()), kind: "run" });
    return all
      .flatMap((entry) => {
        const points = score(entry.name, text.trim());
        return points === undefined ? [] : [{ entry, points }];
      })
      .toSorted((a, b) => a.points - b.points)
      .slice(0, mostShown)
      .map(({ entry }) => entry);
  }, [catalog.value, text]);
  const at = Math.min(chosen, Math.max(0, found.length - 1));

  const open = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    dialog.current?.close();
    go(entry.href);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") choose(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") choose(Math.max(at - 1, 0));
    else if (event.key === "Enter") open(found[at]);
    else return;
    event.preventDefault();
  };

  return (
    <dialog ref={dialog} class="palette" aria-label="Search" onClose={() => (isOpen.value = false)}>
      <input
        aria-label="Search assets, runs and pages"
        placeholder="An asset, a run's id, a page"
        role="combobox"
        aria-expanded="true"
        aria-controls="found"
        aria-activedescendant={found.length === 0 ? undefined : `found-${at}`}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          choose(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id="found" role="listbox" aria-label="Found">
        {found.map((entry, row) => (
          // The keyboard stays in the field above, and chooses from there.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={entry.href}
            id={`found-${row}`}
            role="option"
            aria-selected={row === at}
            onClick={() => open(entry)}
          >
            {entry.name} <span class="faint">{entry.kind}</span>
          </div>
        ))}
      </div>
      {found.length === 0 ? <p class="empty">Nothing is called so.</p> : null}
    </dialog>
  );
}
