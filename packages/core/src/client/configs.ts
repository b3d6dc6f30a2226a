/** What runs may set of their assets: for forms. */
import { z } from "zod";
import { listOperation } from "./list-operation.ts";
import type { ListOperation } from "./operation.ts";
import { name, selection, text, texts } from "./values.ts";

export interface ConfigsInput {
  /** In the selection grammar. */
  readonly select: string;
  /** The code location; needed where there are several. */
  readonly location?: string | undefined;
}

export interface AssetConfig {
  /** Under which a run's config has its values; a multi-asset has a name of its own. */
  readonly name: string;
  /** Made by it. */
  readonly assets: readonly string[];
  /** The JSON schema of what it takes. */
  readonly schema: unknown;
}

const assetConfig: z.ZodType<AssetConfig> = z
  .object({ name: text, assets: texts, schema: z.unknown() })
  .meta({ id: "AssetConfig" });

export const configs: { readonly list: ListOperation<ConfigsInput, AssetConfig> } = {
  list: listOperation<ConfigsInput, AssetConfig>({
    path: "/configs",
    role: "viewer",
    summary: "What a run of a selection may set: the assets that take a config, and the JSON schema of each",
    input: { select: selection, location: name.optional() },
    item: assetConfig,
    page: { normal: 100, most: 500 },
  }),
};
