import { IrokoError } from "@iroko/core";

export function objectNotFound(uri: string, cause?: unknown): IrokoError {
  return new IrokoError("OBJECT_NOT_FOUND", `There is no object ${uri}.`, {
    hint: "It may have been collected or deleted by hand; `iroko doctor` compares the store with the catalogue.",
    cause,
  });
}

export function objectChanged(uri: string, cause?: unknown): IrokoError {
  return new IrokoError("OBJECT_CHANGED", `The object ${uri} is no longer the one that was asked for.`, {
    hint: "It was replaced meanwhile: read its head again, or read the staged object of the version you want.",
    cause,
  });
}

export function objectConflict(uri: string, cause?: unknown): IrokoError {
  return new IrokoError("OBJECT_CONFLICT", `Another object is already at ${uri}, which is written only once.`, {
    hint: "Two steps wrote under one name, or two instances share this store; give each instance a prefix of its own.",
    cause,
  });
}

export function objectDamaged(uri: string, expected: string, found: string): IrokoError {
  return new IrokoError(
    "OBJECT_DAMAGED",
    `The bytes of ${uri} hash to ${found}, not to ${expected} as they were put.`,
    {
      hint: "Read it again; if it stays so, the store lost data: `iroko doctor` names what to make anew.",
    },
  );
}
