/**
 * The members of the object that a payload is, each with its value's text as written, the first of every name; undefined when
 * the payload is not one JSON object. `JSON.parse` says what JSON is; the text is walked only to find where values begin and end.
 */
export function jsonMembers(payload: string): ReadonlyMap<string, string> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  if (hasHalfASurrogatePair(payload)) return undefined;

  const members = new Map<string, string>();
  let at = skipSpace(payload, payload.indexOf("{") + 1);
  while (payload[at] !== "}") {
    const nameEnd = endOfValue(payload, at);
    const name = String(JSON.parse(payload.slice(at, nameEnd)));
    const valueStart = skipSpace(payload, skipSpace(payload, nameEnd) + 1); // over the colon
    const valueEnd = endOfValue(payload, valueStart);
    if (!members.has(name)) members.set(name, payload.slice(valueStart, valueEnd));
    at = skipSpace(payload, valueEnd);
    if (payload[at] === ",") at = skipSpace(payload, at + 1);
  }
  return members;
}

/** An escape like \ud83d that is not followed by its other half, or the other half alone. */
function hasHalfASurrogatePair(payload: string): boolean {
  if (!/\\ud[89a-f]/i.test(payload)) return false;
  const withoutPairs = payload.replaceAll(/\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|[^u])/g, "");
  return /\\ud[89a-f]/i.test(withoutPairs);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\n" || text[at] === "\r") at += 1;
  return at;
}

/** Where the value ends that begins here, in text that is known to be JSON. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  do {
    const char = text[at]!;
    if (char === '"') at = endOfString(text, at);
    else if (char === "{" || char === "[") [depth, at] = [depth + 1, at + 1];
    else if (char === "}" || char === "]") [depth, at] = [depth - 1, at + 1];
    else if (depth > 0) at += 1;
    else while (at < text.length && !/[\s,\]}]/.test(text[at]!)) at += 1; // a number, true, false or null
  } while (depth > 0);
  return at;
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
