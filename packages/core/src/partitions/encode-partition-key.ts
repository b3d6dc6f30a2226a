/**
 * A partition key as the name of one file or folder: percent-encoded, so that no key can leave its folder and no two keys
 * meet there. What RFC 3986 calls unreserved stays readable (letters, digits, `-`, `_`, `~`, dots); all else is encoded, as
 * are a dot at the start (`..`, hidden files) and at the end (Windows drops it). The empty key is `%`, which ends no other.
 *
 * Case is kept: on a file system that ignores it, keys that differ in case alone do meet.
 */
export function encodePartitionKey(key: string): string {
  if (key === "") return "%";
  return key.replace(/[^A-Za-z0-9_~.-]|^\.|\.$/gsu, encodeCharacter);
}

function encodeCharacter(character: string): string {
  // Half a surrogate pair has no UTF-8: its code unit behind %u keeps it apart from every other.
  if (!character.isWellFormed()) return `%u${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return Array.from(utf8.encode(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

const utf8 = new TextEncoder();
