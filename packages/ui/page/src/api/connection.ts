/** Whether the server answers, and since when it does not. */
import { now } from "./clock.ts";
import { computed, signal, type ReadonlySignal } from "@preact/signals";

const lastHeard = signal(now.peek());
const lastMissed = signal<number | undefined>(undefined);

export function heard(): void {
  lastHeard.value = now.peek();
  lastMissed.value = undefined;
}
export function missed(): void {
  lastMissed.value = now.peek();
}

/** By the server's clock, ms since the epoch; undefined while it answers. */
export const awaySince: ReadonlySignal<number | undefined> = computed(() =>
  lastMissed.value === undefined ? undefined : lastHeard.value,
);
export const isAway: ReadonlySignal<boolean> = computed(() => awaySince.value !== undefined);
