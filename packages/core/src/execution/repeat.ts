import type { Logger } from "../definitions/io-manager.ts";

/** Does something at once and then again so long after each end, until stopped; a failure is logged and tried again. */
export function repeat(
  everyMs: number,
  duty: () => Promise<unknown>,
  log: Logger | undefined,
): { stop(): Promise<void> } {
  let stopped = false;
  let wake: (() => void) | undefined;
  const loop = (async () => {
    while (!stopped) {
      await duty().catch((error: unknown) => log?.warn("a duty failed; it is tried again", { error: String(error) }));
      if (stopped) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, everyMs).unref();
      });
    }
  })();
  return {
    async stop() {
      stopped = true;
      wake?.();
      await loop;
    },
  };
}
