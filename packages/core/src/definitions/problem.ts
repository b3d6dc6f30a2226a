import type { ErrorCode, ErrorRecord } from "../errors.ts";

/** A mistake in the definitions. `define()` gathers them all before it throws. */
export interface DefinitionProblem extends ErrorRecord {
  readonly code: ErrorCode;
}

/** @param subject where: `asset "cleaned", deps.raw` */
export function problem(code: ErrorCode, subject: string, message: string, hint: string): DefinitionProblem {
  return { code, message, hint, place: { subject } };
}
