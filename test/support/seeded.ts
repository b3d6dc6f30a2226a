/** Chance that repeats: a failing run says its seed, and SEED=… makes the same choices again. */
export interface Chance {
  readonly seed: number;
  /** In [0, 1). */
  (): number;
}

/** @param seed the environment's SEED where it is given, for a run that is repeated */
export function seeded(seed = Number(process.env["SEED"] ?? 20261121)): Chance {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Object.assign(next, { seed });
}

export function pick<Value>(chance: Chance, values: readonly [Value, ...Value[]]): Value {
  return values[Math.floor(chance() * values.length)] ?? values[0];
}

export const between = (chance: Chance, least: number, most: number): number => least + chance() * (most - least);
