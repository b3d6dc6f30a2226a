import { api } from "@iroko/core/client";
import type { Answer } from "../http/answer.ts";
import { pageOf } from "../http/page-of.ts";
import { sliceAfter } from "../http/slice-after.ts";
import type { Instance } from "../model/instance.ts";
import { selectedAssets } from "../model/selected-assets.ts";

export function configsApi(answer: Answer, instance: Instance): void {
  const { list } = api.configs;
  answer(list, async (input) => {
    const known = await instance.catalog();
    const selected = await selectedAssets(instance, known, input, await instance.moment(known));
    const keys = new Set(selected.map(({ asset }) => asset.key));
    const locations = new Set(selected.map(({ location }) => location));
    const configured = [...locations]
      .flatMap(({ snapshot }) => snapshot.computes)
      .filter(({ config, outputs }) => config !== undefined && outputs.some(({ asset }) => keys.has(asset)));
    return pageOf(list, input, {
      read: async (page) => sliceAfter(configured, ({ name }) => name, page),
      cursor: ({ name }) => name,
      item: ({ name, outputs, config }) => ({ name, assets: outputs.map(({ asset }) => asset), schema: config }),
    });
  });
}
