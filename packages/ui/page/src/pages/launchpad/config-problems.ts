import type { ApiError } from "../../api/get.ts";

/** What does not fit of a config, as the dry run tells it. */
export interface ConfigProblem {
  readonly asset: string;
  readonly path: string;
  readonly message: string;
}

export function problemsIn(failure: ApiError | undefined): readonly ConfigProblem[] {
  if (failure?.code !== "CONFIG_INVALID") return [];
  return (failure.details as { readonly problems?: readonly ConfigProblem[] }).problems ?? [];
}
