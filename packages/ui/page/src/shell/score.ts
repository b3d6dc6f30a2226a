/** Every letter in its order; better the closer they stand, best at the start. undefined: not found. */
export function score(text: string, wanted: string): number | undefined {
  const within = text.toLowerCase();
  const letters = wanted.toLowerCase().replaceAll(/\s+/g, "");
  const direct = within.indexOf(letters);
  if (direct >= 0) return direct + text.length / 1000;
  let at = -1;
  let gaps = 0;
  for (const letter of letters) {
    const next = within.indexOf(letter, at + 1);
    if (next < 0) return undefined;
    gaps += next - at - 1;
    at = next;
  }
  return 100 + gaps;
}
