/** Calls of a function that have not ended yet: how many there are, and when one of them or all of them end. */
export interface UnderWay<Arguments extends readonly unknown[], Answer> {
  call(...given: Arguments): Promise<Answer>;
  readonly count: number;
  /** Once one of those under way has ended, however it did. */
  any(): Promise<void>;
  all(): Promise<void>;
}

export function underWay<Arguments extends readonly unknown[], Answer>(
  work: (...given: Arguments) => Promise<Answer>,
): UnderWay<Arguments, Answer> {
  const ends = new Set<Promise<void>>();
  return {
    call(...given) {
      const answer = work(...given);
      const forget = (): void => void ends.delete(end);
      const end: Promise<void> = answer.then(forget, forget);
      ends.add(end);
      return answer;
    },
    get count() {
      return ends.size;
    },
    any: () => Promise.race(ends),
    async all() {
      await Promise.all(ends);
    },
  };
}
