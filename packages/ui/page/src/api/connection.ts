/**
 * How the page stands to its server, by this machine's clock: whether the server answers, whether its changes come through,
 * and whether it has another build of the page by now.
 */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { now } from "./clock.ts";

const lastHeard = signal(Date.now());
const lastSign = signal(Date.now());
const isMissed = signal(false);
/** Until the server says otherwise. */
const signEverySeconds = signal(15);
const servedBuild = signal<string | null>(null);
/** Null: of a page that was not built. */
export const ownBuild: string | null = document.querySelector<HTMLMetaElement>("meta[name=build]")?.content ?? null;

/** The server has answered something. */
export function heard(): void {
  lastHeard.value = Date.now();
  isMissed.value = false;
}
/** It has not. */
export function missed(): void {
  isMissed.value = true;
}
/** The stream has said something: all that came before it has come, too. */
export function streamSpoke(): void {
  lastSign.value = Date.now();
  heard();
}
export function streamSays(beatSeconds: number, build: string | null): void {
  signEverySeconds.value = beatSeconds;
  servedBuild.value = build;
}

/** So long nothing may come of the stream, though it is well. */
export const patienceMs: ReadonlySignal<number> = computed(() => 2_500 * signEverySeconds.value);

const since = (at: ReadonlySignal<number>): number => {
  void now.value; // goes on with it
  return Math.max(0, Date.now() - at.value);
};
export const isAway: ReadonlySignal<boolean> = computed(() => isMissed.value);
export const silentSeconds: ReadonlySignal<number> = computed(() => since(lastHeard) / 1_000);
/** When all that is shown was last known to be as it is. */
export const lastCertain: ReadonlySignal<number> = lastSign;
/** For longer than it may, nothing was heard of what changes. */
export const isDeaf: ReadonlySignal<boolean> = computed(() => !isAway.value && since(lastSign) > patienceMs.value);
/** Meanwhile, the server has answered something else. */
export const answersMeanwhile: ReadonlySignal<boolean> = computed(
  () => lastHeard.value - lastSign.value > patienceMs.value,
);
/** The page's files are those of another build than the server's. */
export const isOutdated: ReadonlySignal<boolean> = computed(
  () => ownBuild !== null && servedBuild.value !== null && servedBuild.value !== ownBuild,
);
