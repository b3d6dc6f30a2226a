/**
 * What a child may take from its machine. DuckDB keeps to its own limit; whatever user code takes beside it is watched from
 * here. The worker and Postgres come first: for the processor, and when the system itself runs out of memory.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";

/** Of what a slot has: DuckDB takes two thirds of it, and Node itself and what user code holds come on top. */
const mostOfSlot = 2;
const lookEveryMs = 200;
const pageBytes = 4096;

/** So much a step's process may hold before it is ended. */
export const memoryLimitOf = (slotBytes: number): number => mostOfSlot * slotBytes;

/** Behind the worker in the line for processors, before it in the line of those that the system ends when memory is gone. */
export function giveWay(pid: number): void {
  try {
    setPriority(pid, 5);
    writeFileSync(`/proc/${pid}/oom_score_adj`, "500");
  } catch {
    // gone already, or not a Linux: then the watch alone is there
  }
}

/** Tells once when a process holds more memory than it may; what it only maps from files is not counted. */
export function watchMemory(pid: number, limitBytes: number, tooMuch: (bytes: number) => void): Disposable {
  const timer = setInterval(() => {
    const bytes = heldBytes(pid);
    if (bytes <= limitBytes) return;
    clearInterval(timer);
    tooMuch(bytes);
  }, lookEveryMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function heldBytes(pid: number): number {
  try {
    const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ").map(Number);
    return (resident - shared) * pageBytes;
  } catch {
    return 0; // it is gone, or there is nothing to be seen of it on this system
  }
}
