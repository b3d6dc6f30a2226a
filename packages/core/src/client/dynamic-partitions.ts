/** Keys of dynamic partitions, which come and go while the definitions stay. */
import { z } from "zod";
import { listOperation } from "./list-operation.ts";
import type { ListOperation, Operation } from "./operation.ts";
import { instant, name, text, texts } from "./values.ts";

export interface DynamicPartitionsInput {
  /** That of the partitions, or an asset's that has them. */
  readonly name: string;
}

export interface DynamicKey {
  readonly key: string;
  readonly addedAt: string;
}

export interface DynamicKeysInput extends DynamicPartitionsInput {
  readonly keys: readonly string[];
}

export interface AddedKeys {
  /** The partitions' own name. */
  readonly partitions: string;
  /** Those that it did not have. */
  readonly added: readonly string[];
}

export interface RemovedKeys {
  readonly partitions: string;
  /** Those that it had. */
  readonly removed: readonly string[];
}

const keysInput: z.ZodType<DynamicKeysInput> = z.strictObject({
  name,
  keys: z.array(z.string().max(500)).min(1).max(5_000),
});

export const dynamicPartitions: {
  readonly list: ListOperation<DynamicPartitionsInput, DynamicKey>;
  readonly add: Operation<DynamicKeysInput, AddedKeys>;
  readonly remove: Operation<DynamicKeysInput, RemovedKeys>;
} = {
  list: listOperation<DynamicPartitionsInput, DynamicKey>({
    path: "/dynamic-partitions/{name}",
    role: "viewer",
    summary: "Keys in the order in which they were added",
    input: { name },
    item: z.object({ key: z.string(), addedAt: instant }).meta({ id: "DynamicKey" }),
    page: { normal: 1_000, most: 10_000 },
  }),
  add: {
    method: "POST",
    path: "/dynamic-partitions/{name}/add",
    role: "operator",
    summary: "Add keys",
    input: keysInput,
    answer: z.object({ partitions: text, added: texts }),
    repeatable: true,
  },
  remove: {
    method: "POST",
    path: "/dynamic-partitions/{name}/remove",
    role: "operator",
    summary: "Remove keys; what was made of them stays",
    input: keysInput,
    answer: z.object({ partitions: text, removed: texts }),
    repeatable: true,
  },
};
