/** Keys of the whole page: two letters go to a place, `/` and Ctrl K search, `?` lists them. */
import { go } from "../router.ts";
import { openHelp } from "./help.tsx";
import { places } from "./places.ts";
import { openPalette } from "./palette.tsx";

const sequenceMs = 1_200;
let first: { readonly key: string; readonly at: number } | undefined;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      return openPalette();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]") !== null) return;
    if (event.key === "/") {
      event.preventDefault();
      return openPalette();
    }
    if (event.key === "?") return openHelp();
    const keys = first !== undefined && event.timeStamp - first.at < sequenceMs ? `${first.key} ${event.key}` : "";
    first = { key: event.key, at: event.timeStamp };
    const there = places.find((place) => place.keys === keys);
    if (there !== undefined) {
      event.preventDefault();
      go(there.href);
    }
  });
}
