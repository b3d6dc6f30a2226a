import { z } from "zod";
import type { ComputeDefinition, Definitions, ResourceDefinition } from "../../definitions/model.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { IrokoError } from "../../errors.ts";
import type { GivenAssets } from "./given-assets.ts";

/** The computes with stand-ins for their resources, by the names that they have for them. */
export function overrideResources(
  { computes, definitions }: GivenAssets,
  overrides: Readonly<Record<string, unknown>>,
): { readonly computes: readonly ComputeDefinition[]; readonly definitions: Definitions } {
  const names = computes.flatMap(({ resources }) => Object.keys(resources));
  for (const name of Object.keys(overrides)) {
    if (names.includes(name)) continue;
    throw new IrokoError("RESOURCE_CONFIG", `None of the assets to make has a resource "${name}".`, {
      hint: didYouMeanHint(name, [...new Set(names)], "resources"),
    });
  }
  const stoodIn = new Map(computes.map((compute) => [compute, withStandIns(compute, overrides)]));
  return {
    computes: [...stoodIn.values()],
    definitions: { ...definitions, computes: definitions.computes.map((compute) => stoodIn.get(compute) ?? compute) },
  };
}

function withStandIns(compute: ComputeDefinition, overrides: Readonly<Record<string, unknown>>): ComputeDefinition {
  const resources = Object.entries(compute.resources).map(([name, resource]) =>
    Object.hasOwn(overrides, name) ? [name, standIn(resource.key, overrides[name])] : [name, resource],
  );
  return { ...compute, resources: Object.fromEntries(resources) as ComputeDefinition["resources"] };
}

function standIn(key: string, override: unknown): ResourceDefinition {
  return isResource(override) ? override : { key, config: z.unknown(), values: {}, open: () => override };
}

function isResource(value: unknown): value is ResourceDefinition {
  return (
    typeof value === "object" &&
    value !== null &&
    "open" in value &&
    "config" in value &&
    "values" in value &&
    "key" in value
  );
}
