/**
 * Whether a run's config is what the assets of its plan ask for, told before anything runs: by the JSON schemas that the
 * snapshot has of them. What no JSON schema can say, a refinement say, the step's own process looks at.
 */
import { z } from "zod";
import type { Json } from "../definitions/metadata.ts";
import type { Snapshot, SnapshotCompute } from "../definitions/snapshot.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { IrokoError } from "../errors.ts";
import type { Plan } from "./plan.ts";

/** One value that does not fit. */
export interface ConfigProblem {
  /** As config names it: a multi-asset by its own name. */
  readonly asset: string;
  /** Of the value within the asset's config: `limits.rows`; "" where it is all of it. */
  readonly path: string;
  readonly message: string;
}

type RunConfig = Readonly<Record<string, Json>>;

/** @throws {IrokoError} CONFIG_INVALID, with every problem among its details */
export function requireConfig(snapshot: Snapshot, plan: Pick<Plan, "assets">, config: RunConfig = {}): void {
  const names = configuredNames(snapshot);
  const planned = new Set(plan.assets.map(({ asset }) => asset));
  const unknown = Object.keys(config).filter((name) => !names.includes(name));
  const problems = [
    ...unknown.map((asset): ConfigProblem => ({ asset, path: "", message: "there is no config of that name" })),
    ...snapshot.computes
      .filter(({ name, outputs }) => name in config || outputs.some(({ asset }) => planned.has(asset)))
      .flatMap((compute) => problemsOf(compute, config[compute.name])),
  ];
  const [first] = problems;
  if (first === undefined) return;
  throw new IrokoError("CONFIG_INVALID", `The config does not fit: ${problems.map(inWords).join("; ")}.`, {
    hint:
      unknown[0] === undefined
        ? "Correct it where the run is asked for, or in the job; the asset's zod schema says what fits."
        : didYouMeanHint(unknown[0], names, "assets with a config"),
    place: { subject: `asset "${first.asset}", config` },
    details: { problems: problems.map((problem) => ({ ...problem })) },
  });
}

const configuredNames = ({ computes }: Snapshot): readonly string[] =>
  computes.filter(({ config }) => config !== undefined).map(({ name }) => name);

function problemsOf({ name, config: schema }: SnapshotCompute, given: Json = {}): readonly ConfigProblem[] {
  const error = schema === undefined ? undefined : readable(schema)?.safeParse(given).error;
  // Of several things wrong with one value the first says enough; values are never repeated, they may be secret.
  const byPath = Map.groupBy(error?.issues ?? [], ({ path }) => path.map(String).join("."));
  return Array.from(byPath, ([path, [issue]]) => ({ asset: name, path, message: issue!.message }));
}

const inWords = ({ asset, path, message }: ConfigProblem): string =>
  `${path === "" ? asset : `${asset}.${path}`}: ${message}`;

function readable(schema: unknown): z.ZodType | undefined {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as `z.toJSONSchema` wrote it
    return z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema);
  } catch {
    return undefined; // something that zod writes and does not read: the step's own schema decides
  }
}
