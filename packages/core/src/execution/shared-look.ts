/**
 * A look that costs something, taken once at a time for all who want one. Whoever comes while one is under way may not have
 * what that one sees: all of them share the next.
 */
export function sharedLook<Found>(look: () => Promise<Found>): () => Promise<Found> {
  let reading: Promise<unknown> = Promise.resolve();
  let next: Promise<Found> | undefined;
  return () =>
    (next ??= (async () => {
      await reading.catch(() => {});
      next = undefined;
      const found = look();
      reading = found;
      return await found;
    })());
}
