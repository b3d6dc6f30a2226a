/** `expectType<Wanted>()(value)` compiles only where the value's type is exactly the one wanted. */
export function expectType<Wanted>(): <Given>(value: Given, ...mismatch: Mismatch<Given, Wanted>) => void {
  return () => {};
}

type Mismatch<Given, Wanted> =
  Same<Given, Wanted> extends true ? [] : [{ readonly wanted: Wanted; readonly given: Given }];

// Two generic functions are the same type only where their conditions are: the one exact comparison there is.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
