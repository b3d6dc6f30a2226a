/** Now, for ages on the page: one timer for all of them, asleep while nobody looks. */
import { signal, type ReadonlySignal } from "@preact/signals";

/** How far the server's clock is ahead of this machine's, which may be anything. */
let ahead = 0;
const ticking = signal(Date.now());
/** The server's clock, ms since the epoch. */
export const now: ReadonlySignal<number> = ticking;

export function serverSays(at: string): void {
  ahead = Date.parse(at) - Date.now();
  ticking.value = Date.now() + ahead;
}

setInterval(() => {
  if (!document.hidden) ticking.value = Date.now() + ahead;
}, 1_000);
addEventListener("visibilitychange", () => (ticking.value = Date.now() + ahead));
