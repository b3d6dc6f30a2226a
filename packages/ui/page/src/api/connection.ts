/** Whether the server answers, and since when it does not. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";

const lastHeard = signal(Date.now());
const lastMissed = signal<number | undefined>(undefined);

export function heard(): void {
  lastHeard.value = Date.now();
  lastMissed.value = undefined;
}
export function missed(): void {
  lastMissed.value = Date.now();
}

/** Milliseconds since the epoch; undefined while it answers. */
export const awaySince: ReadonlySignal<number | undefined> = computed(() =>
  lastMissed.value === undefined ? undefined : lastHeard.value,
);
export const isAway: ReadonlySignal<boolean> = computed(() => awaySince.value !== undefined);
