/** Times a task: best, median and first of its rounds, and the processor time of all its threads, which a loaded machine bends less. */

/** The heading of lines that `measurer` prints. */
export function heading(what: string, width: number): string {
  return what.padEnd(width) + ["best", "median", "processor", "first"].map((name) => name.padStart(10)).join("");
}

export function measurer(rounds: number, width: number): <Value>(what: string, task: () => Value) => Value {
  return (what, task) => {
    const times: number[] = [];
    const processor: number[] = [];
    let value = undefined as ReturnType<typeof task>;
    for (let round = 0; round < rounds; round += 1) {
      const cpu = process.cpuUsage();
      const from = performance.now();
      value = task();
      times.push(performance.now() - from);
      const { user, system } = process.cpuUsage(cpu);
      processor.push((user + system) / 1000);
    }
    const shown = [Math.min(...times), median(times), median(processor), times[0]!];
    console.log(what.padEnd(width) + shown.map((ms) => ms.toFixed(1).padStart(10)).join(""));
    return value;
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >>> 1]!;
}
