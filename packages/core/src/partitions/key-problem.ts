import { encodePartitionKey } from "./encode-partition-key.ts";

export interface KeyProblem {
  readonly problem: string;
  readonly hint: string;
}

/** Why a text cannot be a partition's key, in a table and as a file's name; undefined when it can. */
export function keyProblem(key: string): KeyProblem | undefined {
  if (key === "") return { problem: "one of the keys is empty", hint: "Give every key a name." };
  if (!key.isWellFormed() || key.includes("\0")) {
    return {
      problem: `the key ${JSON.stringify(key)} is not valid text`,
      hint: "Leave out NUL and unpaired surrogates.",
    };
  }
  // As a name in an object it is no name: something else is found under it, or what is filed there is lost.
  if (key in Object.prototype)
    return { problem: `the key "${key}" means something else in JavaScript`, hint: "Give it another name." };
  if (encodePartitionKey(key).length > longestName) {
    return {
      problem: `the key "${key.slice(0, 40)}…" is too long to name a file`,
      hint: `Keep it under ${longestName} characters.`,
    };
  }
  return undefined;
}

/** File systems take 255 bytes; some are left for a dimension's name in front and an ending behind. */
const longestName = 200;
