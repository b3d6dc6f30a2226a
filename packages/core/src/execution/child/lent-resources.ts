/**
 * A step's resources. Each is opened when the step's code first asks for it; one with an `async open` is opened before
 * that code runs, since `ctx.resources.x` cannot wait. All are closed when the step ends.
 */
import { resolveEnv } from "../../definitions/env.ts";
import type { StepScope } from "../../definitions/io-manager.ts";
import type { EnvReference, ResourceDefinition } from "../../definitions/model.ts";
import { IrokoError } from "../../errors.ts";
import { describeIssues } from "./describe-issues.ts";
import { inUserCode, fromUserCode } from "./user-code.ts";

/** Variables that workers keep from the processes of user code, which may be anybody's. */
export const withheldVariables: readonly string[] = ["DATABASE_URL"];

export async function lendResources(
  resources: Readonly<Record<string, ResourceDefinition>>,
  scope: StepScope,
): Promise<Readonly<Record<string, unknown>>> {
  const lent: Record<string, unknown> = {};
  for (const [name, resource] of Object.entries(resources)) {
    if (opensAsync(resource)) lent[name] = await openNow(resource, scope);
    else defineLazily(lent, name, () => openOnUse(resource, scope));
  }
  return lent;
}

async function openNow(resource: ResourceDefinition, scope: StepScope): Promise<unknown> {
  const config = configOf(resource);
  const value = await inUserCode(`Resource "${resource.key}"`, () => resource.open(config, scope));
  closeLater(resource, scope, value);
  return value;
}

function openOnUse(resource: ResourceDefinition, scope: StepScope): unknown {
  const config = configOf(resource);
  let value: unknown;
  try {
    value = resource.open(config, scope);
  } catch (thrown) {
    throw fromUserCode(`Resource "${resource.key}"`, thrown);
  }
  closeLater(resource, scope, value);
  if (!isPromise(value)) return value;
  value.catch(() => {}); // its outcome is looked at when it is closed
  throw new IrokoError(
    "RESOURCE_OPEN",
    `Resource "${resource.key}" gave a promise, and the step's code needs it at once.`,
    {
      hint: "Write `open: async (config) => …`: it is then opened before the step's code runs.",
      details: { resource: resource.key },
    },
  );
}

function closeLater(resource: ResourceDefinition, scope: StepScope, value: unknown): void {
  if (!resource.close) return;
  scope.onClose(() =>
    inUserCode(`Resource "${resource.key}", on closing,`, async () => resource.close?.((await value) as never)),
  );
}

/** The resource's configuration, its environment references resolved now. */
function configOf(resource: ResourceDefinition): never {
  const values = resolveEnv(resource.values, (reference) => variable(reference, resource.key));
  const parsed = resource.config.safeParse(values ?? {});
  if (parsed.success) return parsed.data as never;
  throw new IrokoError(
    "RESOURCE_CONFIG",
    `Resource "${resource.key}" is not configured rightly: ${describeIssues(parsed.error)}.`,
    {
      hint: "Correct the values given to the resource, or the environment variables that they refer to.",
      details: { resource: resource.key },
    },
  );
}

function variable(reference: EnvReference, resource: string): string {
  const value = process.env[reference.name] ?? reference.default;
  if (value !== undefined) return value;
  throw new IrokoError(
    "ENV_MISSING",
    `Environment variable ${reference.name}, which resource "${resource}" needs, is not set.`,
    {
      hint: withheldVariables.includes(reference.name)
        ? `Iroko keeps ${reference.name} to itself, since it leads to its own database: give the resource a variable of another name.`
        : `Set ${reference.name} where the worker runs, or give env("${reference.name}") a default.`,
      details: { variable: reference.name, resource },
    },
  );
}

/** Opens at most once; an opening that failed is tried again by the next use. */
function defineLazily(target: Record<string, unknown>, name: string, open: () => unknown): void {
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable: true,
    get() {
      const value = open();
      Object.defineProperty(target, name, { value, enumerable: true });
      return value;
    },
  });
}

function opensAsync(resource: { readonly open: unknown }): boolean {
  return Object.prototype.toString.call(resource.open) === "[object AsyncFunction]";
}

function isPromise(value: unknown): value is Promise<unknown> {
  return (
    value instanceof Promise || (typeof value === "object" && value !== null && "then" in value && "catch" in value)
  );
}
