/** Keys inside longer texts: where one holds what separates texts, it stands in double quotes, as in JSON. */

/** A key as it stands in a text with separators. */
export function quoteKey(key: string): string {
  const isPlain = !/[\s,|="()%]|\.\./.test(key) && !/^(?:all|missing|failed|stale|and|or|not|last:.*)$/.test(key);
  return isPlain && key !== "" ? key : JSON.stringify(key);
}

/** What a text means that may be quoted; one that is quoted wrongly means itself. */
export function unquoteKey(text: string): string {
  const trimmed = text.trim();
  if (!isQuoted(trimmed)) return trimmed;
  try {
    const key: unknown = JSON.parse(trimmed);
    return typeof key === "string" ? key : trimmed;
  } catch {
    return trimmed;
  }
}

export function isQuoted(text: string): boolean {
  return /^"(?:[^"\\]|\\.)*"$/s.test(text);
}

/** Cuts at a separator wherever it stands outside quotes. */
export function splitText(text: string, separator: string): string[] {
  const parts = [""];
  for (const piece of text.match(/"(?:[^"\\]|\\.)*"|[^"]+|"/gs) ?? []) {
    if (piece.startsWith('"') && piece.length > 1) {
      parts[parts.length - 1] += piece;
      continue;
    }
    const [first = "", ...rest] = piece.split(separator);
    parts[parts.length - 1] += first;
    parts.push(...rest);
  }
  return parts;
}
