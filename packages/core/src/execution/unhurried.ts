import { setImmediate as others } from "node:timers/promises";

/** So long at a time: a worker's beats and its steps go on beside. */
const turnMs = 15;

/** The next result of a generator that yields undefined now and then, while whatever else is due gets its turn. */
export async function unhurried<Result>(
  generator: Iterator<Result | undefined, void, undefined>,
): Promise<Result | undefined> {
  for (let since = performance.now(); ;) {
    const { value, done } = generator.next();
    if (done === true) return undefined;
    if (value !== undefined) return value;
    if (performance.now() - since > turnMs) {
      await others();
      since = performance.now();
    }
  }
}
