/** Waits on a condition, not on a clock. */
import { setTimeout as sleep } from "node:timers/promises";

export interface WaitOptions {
  /** Default 10. */
  readonly seconds?: number;
  /** Default 10. */
  readonly everyMilliseconds?: number;
}

/**
 * What `condition` gives once it is neither undefined, null nor false.
 *
 * @param what completes the sentence "waited 10 s for …" of the error when it never does
 */
export async function waitFor<Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  { seconds = 10, everyMilliseconds = 10 }: WaitOptions = {},
): Promise<Exclude<Value, undefined | null | false>> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false)
      return value as Exclude<Value, undefined | null | false>;
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`);
    await sleep(everyMilliseconds);
  }
}
