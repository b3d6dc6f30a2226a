import type { Check } from "@iroko/core";

/** What every check takes. */
export interface CheckOptions {
  /** Names it among its asset's checks; by default after what it looks at. */
  readonly name?: string;
  /** "error" unless given. */
  readonly severity?: "error" | "warn";
  /** Whether a failure keeps the partition from being committed: errors do, warnings do not, unless said otherwise. */
  readonly blocking?: boolean;
  readonly description?: string;
}

export function readOptions(
  options: CheckOptions,
  name: string,
): Pick<Check, "name" | "severity" | "blocking"> & { readonly description?: string } {
  const { severity = "error" } = options;
  return {
    name: options.name ?? name,
    severity,
    blocking: options.blocking ?? severity === "error",
    ...(options.description === undefined ? {} : { description: options.description }),
  };
}
