/** A text as one argument in a command that is shown: plain where any shell takes it so, else as POSIX shells quote. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
