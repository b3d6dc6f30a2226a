/** Plans as they are kept, with a run or until somebody applies them. */
import { setFromJson, setToJson } from "../partitions/set-codec.ts";
import type { PartitionSet, PartitionSetJson } from "../partitions/partition-set.ts";
import type { Plan } from "./plan.ts";

type Kept<T> = T extends PartitionSet
  ? PartitionSetJson
  : T extends readonly (infer Item)[]
    ? readonly Kept<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Kept<T[Key]> }
      : T;

export type PlanJson = Kept<Plan>;

export function planToJson({ assets, checks, skipped, order, ...rest }: Plan): PlanJson {
  const inJson = <T extends { readonly partitions: PartitionSet }>(one: T) => ({
    ...one,
    partitions: setToJson(one.partitions),
  });
  return {
    ...rest,
    assets: assets.map(inJson),
    checks: checks.map(inJson),
    skipped: skipped.map(inJson),
    order: typeof order === "string" ? order : { list: order.list.map(setToJson) },
  };
}

export function planFromJson({ assets, checks, skipped, order, ...rest }: PlanJson): Plan {
  const fromJson = <T extends { readonly partitions: PartitionSetJson }>(one: T) => ({
    ...one,
    partitions: setFromJson(one.partitions),
  });
  return {
    ...rest,
    assets: assets.map(fromJson),
    checks: checks.map(fromJson),
    skipped: skipped.map(fromJson),
    order: typeof order === "string" ? order : { list: order.list.map(setFromJson) },
  };
}
