import { IrokoError } from "@iroko/core";

/** Where a store keeps what is its own: temporary files, probes, the order of publishes. No object lives there. */
export const ownFolder = ".iroko";

/**
 * The key itself, if it stays inside the store and means the same on a disk and on S3.
 *
 * @throws {IrokoError} OBJECT_KEY for empty, `.` and `..` folders, backslashes, control characters, names that no file
 * system takes, and the store's own folder
 */
export function checkKey(key: string): string {
  const folders = key.split("/");
  const why =
    key === ""
      ? "it is empty"
      : folders.some((name) => name === "" || name === "." || name === "..")
        ? 'it has an empty, "." or ".." folder'
        : folders[0] === ownFolder
          ? `"${ownFolder}/" is the store's own folder`
          : hasForbiddenCharacter(key)
            ? "it has a backslash or a control character"
            : folders.some((name) => Buffer.byteLength(name) > 255) || Buffer.byteLength(key) > 1024
              ? "it is longer than 1024 bytes, or one of its names than 255"
              : undefined;
  if (why === undefined) return key;
  throw new IrokoError("OBJECT_KEY", `${JSON.stringify(key.slice(0, 200))} cannot be an object's key: ${why}.`, {
    hint: 'Keys are folders joined by "/", such as "raw/orders/2026-11-20.parquet"; partition keys in them are percent-encoded.',
  });
}

function hasForbiddenCharacter(key: string): boolean {
  for (const character of key) if (character === "\\" || character < " " || character === "\x7f") return true;
  return false;
}
