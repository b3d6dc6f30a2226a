/**
 * A child must not outlive its parent, killed without a word. The end of the channel says so, if the event loop turns; a
 * thread (28 ms to start, 10 MB) looks too, for a step whose own loop would keep a processor busy for ever.
 */
import { Worker } from "node:worker_threads";

export function dieWithParent(parent: number): void {
  process.once("disconnect", () => process.exit(1));
  if (process.ppid !== parent) process.exit(1);
}

/** @param parent its process id: it is another one's child as soon as the parent is gone */
export function watchParent(parent: number): void {
  const watch = `setInterval(() => process.ppid === ${parent} || process.kill(process.pid, "SIGKILL"), 1000)`;
  const watcher = new Worker(watch, {
    eval: true,
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  });
  watcher.on("error", () => {}); // the channel's end is left
  watcher.unref();
}
