import { IrokoError } from "@iroko/core";
import { codeOf } from "./durable-files.ts";

/** A file system's error as one of ours; what is none of its usual ones stays as it is. */
export function explainLocal(error: unknown, root: string, subject: string): unknown {
  const cause = { cause: error };
  switch (codeOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return new IrokoError("STORE_FULL", `The disk of the store ${root} is full: ${subject} was not written.`, {
        hint: "Make room there, or shorten the retention of old versions; then retry the step.",
        ...cause,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new IrokoError("STORE_DENIED", `The store ${root} cannot be used: ${(error as Error).message}.`, {
        hint: "Give this process's user the right to write the folder, or name another one in IROKO_STORE.",
        ...cause,
      });
    case "ENAMETOOLONG":
      return new IrokoError(
        "OBJECT_KEY",
        `The path of ${subject} in ${root} is longer than this file system takes.`,
        cause,
      );
    case "EEXIST":
    case "ENOTDIR":
      return new IrokoError("STORE_FAILED", `The store ${root} has a file where a folder is needed for ${subject}.`, {
        hint: `Look at ${(error as Error).message.split("'")[1] ?? root}.`,
        ...cause,
      });
    default:
      return error;
  }
}
