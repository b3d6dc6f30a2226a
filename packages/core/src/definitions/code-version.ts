import { shortHash } from "./hash.ts";
import type { ComputeDefinition } from "./model.ts";

interface Code {
  readonly codeVersion?: string | undefined;
  readonly sql?: ComputeDefinition["sql"];
}

/** The version given, else a hash of the SQL text, else of the function's own source as it stands in the file. */
export function codeVersionOf(code: Code, run: (...args: never) => unknown): string {
  return code.codeVersion ?? shortHash(code.sql?.text ?? run.toString());
}
