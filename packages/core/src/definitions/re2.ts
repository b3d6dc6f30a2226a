/** A JavaScript regex in RE2's syntax, which DuckDB matches with. */
export type Re2 = { readonly ok: true; readonly pattern: string } | { readonly ok: false; readonly because: string };

/** What RE2 has no words for is refused rather than matched differently. */
export function toRe2(regex: RegExp): Re2 {
  const flags = [...regex.flags].filter((flag) => !"uvi".includes(flag));
  if (flags.length > 0) return { ok: false, because: `the flag "${flags.join("")}"` };
  let pattern = "";
  const source = regex.source;
  for (let at = 0; at < source.length; at++) {
    const rest = source.slice(at);
    const group = /^\(\?(<?[=!]|<)/.exec(rest);
    if (group !== null)
      return { ok: false, because: group[1] === "<" ? "a named group" : `the lookaround "(?${group[1]}"` };
    if (/^(\[\]|\[\^\])/.test(rest))
      return { ok: false, because: `the empty class "${rest.startsWith("[]") ? "[]" : "[^]"}"` };
    if (source[at] !== "\\") {
      pattern += source[at];
      continue;
    }
    if (/^\\([1-9]|k<)/.test(rest)) return { ok: false, because: "a backreference" };
    if (rest.startsWith("\\c")) return { ok: false, because: "a control escape" };
    const unicode = /^\\u(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{4}))/.exec(rest);
    if (unicode !== null) {
      pattern += `\\x{${unicode[1] ?? unicode[2]}}`;
      at += unicode[0].length - 1;
      continue;
    }
    // JavaScript's \s also takes the spaces of other scripts; RE2's stops at ASCII.
    pattern += source[at]! + (source[at + 1] ?? "");
    at++;
  }
  return { ok: true, pattern: regex.ignoreCase ? `(?i)${pattern}` : pattern };
}
