/** The graph of the assets, in few bytes: columns of numbers in place of ten thousand objects. */
import { z } from "zod";
import type { AssetHealth } from "./asset-detail.ts";
import type { Operation } from "./operation.ts";
import { flag, name, selection } from "./values.ts";

export interface LineageInput {
  /** In the selection grammar; where left out all assets, or of more than 300 the neighbourhood of one. */
  readonly select?: string | undefined;
  readonly location?: string | undefined;
  /** The asset whose neighbourhood is shown; by default one that is in trouble. */
  readonly around?: string | undefined;
  /** All of it, however large. */
  readonly whole?: boolean | undefined;
}

export interface Lineage {
  /** Upstream first. */
  readonly keys: readonly string[];
  readonly groups: readonly string[];
  readonly healths: readonly AssetHealth[];
  /** Of each key, its place in `groups`. */
  readonly group: readonly number[];
  /** Of each key, its place in `healths`. */
  readonly health: readonly number[];
  /** Pairs of places in `keys`: upstream, downstream. */
  readonly edges: readonly number[];
  /** All assets of the instance. */
  readonly total: number;
  /** The asset whose neighbourhood this is; null where it is what was asked for. */
  readonly around: string | null;
}

const places = z.array(z.int().min(0));
const healths = z.enum(["failed", "running", "missing", "made", "unknown"]);

export const lineage: { readonly get: Operation<LineageInput, Lineage> } = {
  get: {
    method: "GET",
    path: "/lineage",
    role: "viewer",
    summary: "The graph of the assets that a selection selects, with how each stands.",
    input: z.strictObject({
      select: selection.optional(),
      location: name.optional().describe("The code location that the selection is of."),
      around: name.optional().describe("The asset whose neighbourhood is shown where there are more than 300."),
      whole: flag.optional().describe("All of it, however large."),
    }),
    answer: z.object({
      keys: z.array(z.string()),
      groups: z.array(z.string()),
      healths: z.array(healths),
      group: places,
      health: places,
      edges: places,
      total: z.int(),
      around: z.string().nullable(),
    }),
  },
};
