/** The candidate that was probably meant, for "did you mean"; undefined where none is near enough. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  // A third of the letters may be wrong: beyond that a guess confuses more than it helps.
  let allowed = Math.floor(wanted.length / 3);
  let best: string | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), allowed);
    if (distance <= allowed) {
      best = candidate;
      allowed = distance - 1;
    }
    if (allowed < 0) break;
  }
  return best;
}

/** A hint that names the likely candidate, else lists the first few there are. */
export function didYouMeanHint(name: string, candidates: readonly string[], noun: string): string {
  const meant = didYouMean(name, candidates);
  if (meant !== undefined) return `Did you mean "${meant}"?`;
  if (candidates.length === 0) return `There are no ${noun}.`;
  const shown = candidates.slice(0, 5).map((candidate) => `"${candidate}"`);
  const rest = candidates.length - shown.length;
  return `There are these ${noun}: ${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}.`;
}

/** Edits between two words, a swap of neighbours counting as one; gives up above `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
