import { api } from "@iroko/core/client";
import { addDynamicKeys, dynamicNameOf, listDynamicKeys, removeDynamicKeys } from "@iroko/core/engine";
import type { Answer } from "../http/answer.ts";
import { pageOf } from "../http/page-of.ts";
import { definitionsIn } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";

export function dynamicPartitionsApi(answer: Answer, { db, catalog }: Instance): void {
  const { list, add, remove } = api.dynamicPartitions;
  /** A name is that of dynamic partitions, or of an asset that has them. */
  const nameOf = async (wanted: string): Promise<string> => dynamicNameOf(definitionsIn(await catalog()), wanted);

  answer(list, async (input) => {
    const name = await nameOf(input.name);
    return pageOf(list, input, {
      read: (page) => listDynamicKeys(db, name, page),
      cursor: ({ key }) => key,
      item: ({ key, addedAt }) => ({ key, addedAt }),
    });
  });
  answer(add, async (input) => {
    const name = await nameOf(input.name);
    return { partitions: name, added: await db.transaction((tx) => addDynamicKeys(tx, name, input.keys)) };
  });
  answer(remove, async (input) => {
    const name = await nameOf(input.name);
    return { partitions: name, removed: await db.transaction((tx) => removeDynamicKeys(tx, name, input.keys)) };
  });
}
