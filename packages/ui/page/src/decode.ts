/** A part of an address, decoded; as it stands where it is no encoding of anything, for addresses are typed, too. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
