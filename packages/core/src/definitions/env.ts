import type { EnvReference } from "./model.ts";

/**
 * A reference to an environment variable. It is resolved in the worker when the resource is opened: definitions load
 * without the environment, and a snapshot holds the name only.
 */
export function env(name: string, options?: { readonly default?: undefined }): EnvReference<undefined>;
export function env(name: string, options: { readonly default: string }): EnvReference<string>;
export function env(name: string, options: { readonly default?: string | undefined } = {}): EnvReference {
  return Object.freeze({ kind: "env", name, default: options.default });
}

export function isEnvReference(value: unknown): value is EnvReference {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    value.kind === "env" &&
    "name" in value &&
    "default" in value
  );
}

/** Where references stand inside a resource's values, and what they refer to. */
export function envReferences(
  values: unknown,
  path: readonly PropertyKey[] = [],
): readonly { readonly path: readonly PropertyKey[]; readonly reference: EnvReference }[] {
  if (isEnvReference(values)) return [{ path, reference: values }];
  if (Array.isArray(values)) return values.flatMap((value, index) => envReferences(value, [...path, index]));
  if (!isPlainObject(values)) return [];
  return Object.entries(values).flatMap(([name, value]) => envReferences(value, [...path, name]));
}

/** The values with every reference replaced; `resolve` gives the variable's value, e.g. out of `process.env`. */
export function resolveEnv(values: unknown, resolve: (reference: EnvReference) => unknown): unknown {
  if (isEnvReference(values)) return resolve(values);
  if (Array.isArray(values)) return values.map((value) => resolveEnv(value, resolve));
  if (!isPlainObject(values)) return values;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, resolveEnv(value, resolve)]));
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
