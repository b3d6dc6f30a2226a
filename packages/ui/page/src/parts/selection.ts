/** One asset, as the selection grammar names it: a key with anything unusual in it, or that is a word of the grammar, in quotes. */
export function selectionOf(key: string): string {
  const isPlain = /^[a-z_][\w/]*$/i.test(key) && !/^(?:and|or|not)$/i.test(key);
  return isPlain ? key : JSON.stringify(key);
}

export const selectionOfAll = (keys: readonly string[]): string => keys.map(selectionOf).join(" or ");
