/** Whether the server answers, and how long ago it last did, by this machine's clock. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { now } from "./clock.ts";

const lastHeard = signal(Date.now());
const isMissed = signal(false);

export function heard(): void {
  lastHeard.value = Date.now();
  isMissed.value = false;
}
export function missed(): void {
  isMissed.value = true;
}

export const isAway: ReadonlySignal<boolean> = computed(() => isMissed.value);
export const silentSeconds: ReadonlySignal<number> = computed(() => {
  void now.value; // goes on with it
  return Math.max(0, (Date.now() - lastHeard.value) / 1_000);
});
