/** Now, for ages on the page: one timer for all of them, asleep while nobody looks. */
import { signal, type ReadonlySignal } from "@preact/signals";

const ticking = signal(Date.now());
export const now: ReadonlySignal<number> = ticking;

setInterval(() => {
  if (!document.hidden) ticking.value = Date.now();
}, 1_000);
addEventListener("visibilitychange", () => (ticking.value = Date.now()));
