/** Dependencies as users write them, and the types that refuse those which cannot be joined. */
import type { DimensionMapping, PartitionMapping } from "../partitions/mapping.ts";
import type {
  DynamicPartitions,
  FixedPartitions,
  MultiPartitions,
  PartitionsDefinition,
  TimePartitions,
  Unpartitioned,
} from "../partitions/partitions-definition.ts";
import {
  isAsset,
  type assetSource,
  type AnyAsset,
  type Asset,
  type GivenBy,
  type PartitionKeyOf,
} from "./asset-handle.ts";
import type { CustomMappingOf } from "./custom-mapping.ts";
import type { DependencyDefinition } from "./model.ts";

/** A mapping as written in `dep()`: its upstream keys are those of the dependency. */
export type MappingTo<UpstreamKey extends string> =
  | { readonly kind: "identity" }
  | { readonly kind: "all" }
  | { readonly kind: "last" }
  | { readonly kind: "specific"; readonly keys: readonly UpstreamKey[] }
  | { readonly kind: "static"; readonly upstreamByDownstream: Readonly<Record<string, readonly UpstreamKey[]>> }
  | {
      readonly kind: "timeWindow";
      readonly startOffset: number;
      readonly endOffset: number;
      readonly allowNonexistent?: boolean;
    }
  | { readonly kind: "multiToSingle"; readonly dimension?: string; readonly mapping?: PartitionMapping }
  | { readonly kind: "multi"; readonly dimensions: Readonly<Record<string, DimensionMapping>> }
  | CustomMappingOf<unknown, unknown>;

/** An asset with how it is joined to. Made by `dep()`. */
export interface Mapped<A extends AnyAsset = AnyAsset, M = unknown> {
  readonly kind: "dep";
  readonly asset: A;
  readonly mapping: PartitionMapping | undefined;
  readonly weak: boolean;
  readonly mappingType?: M;
}

/** What may stand in `deps`; `CheckDeps` says what is wrong with anything else. */
export type Deps = Readonly<Record<string, unknown>>;

/**
 * A dependency whose partitions are not simply the same window or key.
 *
 * @example dep(raw, { map: { kind: "timeWindow", startOffset: -3, endOffset: -1 } }) // the three days before
 * @param options.weak reads what there is: neither requires it nor is made stale by it
 */
export function dep<const A extends AnyAsset, const M extends MappingTo<PartitionKeyOf<A["partitions"]>> = never>(
  asset: A,
  options: { readonly map?: M; readonly weak?: boolean },
): Mapped<A, M> {
  return Object.freeze({
    kind: "dep",
    asset,
    mapping: options.map === undefined ? undefined : normalized(options.map),
    weak: options.weak ?? false,
  });
}

function normalized(mapping: MappingTo<string>): PartitionMapping {
  return mapping.kind === "timeWindow" ? { ...mapping, allowNonexistent: mapping.allowNonexistent ?? false } : mapping;
}

/** What `ctx.deps` holds: for each name what the dependency gives. */
export type DepsOf<D> = {
  readonly [Name in keyof D]: D[Name] extends Mapped<infer A, unknown> ? GivenBy<A> : GivenBy<D[Name]>;
};

/** `unknown` for each dependency that is fine, else the error message, as the type the property should have had. */
export type CheckDeps<D, P> = { readonly [Name in keyof D]: CheckDep<D[Name], P> };

// The usual case first: of a thousand assets each dependency is looked at here.
type CheckDep<X, P> =
  X extends Asset<infer Key, unknown, infer Up, unknown>
    ? CheckJoin<Key, Up, P>
    : X extends Mapped<infer A, infer M>
      ? [M] extends [never]
        ? CheckJoin<A["key"], A["partitions"], P>
        : CheckMapping<A["key"], A["partitions"], P, M>
      : X extends { readonly [assetSource]: unknown }
        ? "a multi-asset makes several assets: depend on one of its outputs, like landing.raw"
        : "a dependency is an asset, an external asset, or dep(asset, { map })";

type CheckJoin<Key extends string, Up, Down> =
  Joins<Up, Down> extends true
    ? unknown
    : `asset "${Key}" is partitioned by ${Noun<Up>}, this one by ${Noun<Down>}: say how they join, with dep(asset, { map })`;

/** Whether a mapping can be inferred; definitions whose type is not known are left to `define()`. */
type Joins<Up, Down> = PartitionsDefinition extends Up
  ? true
  : PartitionsDefinition extends Down
    ? true
    : Up extends Unpartitioned
      ? true
      : Down extends Unpartitioned
        ? true
        : Up extends TimePartitions
          ? Down extends TimePartitions | MultiPartitions
            ? true
            : false
          : Up extends FixedPartitions<infer UpKey>
            ? Down extends FixedPartitions<infer DownKey>
              ? string extends DownKey
                ? true
                : [DownKey] extends [UpKey]
                  ? true
                  : false
              : Down extends MultiPartitions
                ? true
                : false
            : Up extends DynamicPartitions<infer Name>
              ? Down extends DynamicPartitions<Name> | MultiPartitions
                ? true
                : false
              : true; // several dimensions: define() looks at each

type Noun<P> =
  P extends TimePartitions<infer C>
    ? C
    : P extends FixedPartitions
      ? "fixed keys"
      : P extends DynamicPartitions
        ? "dynamic keys"
        : P extends MultiPartitions
          ? "several dimensions"
          : "nothing";

type CheckMapping<Key extends string, Up, Down, M> = M extends { readonly kind: "identity" }
  ? [Extract<Up | Down, DynamicPartitions>] extends [never]
    ? CheckJoin<Key, Up, Down>
    : unknown // which keys there are is known to the instance alone
  : M extends { readonly kind: "timeWindow" }
    ? [Up, Down] extends [TimePartitions, TimePartitions]
      ? unknown
      : [PartitionsDefinition] extends [Up | Down]
        ? unknown // left to define()
        : `a timeWindow mapping joins windows of time: asset "${Key}" is partitioned by ${Noun<Up>}, this one by ${Noun<Down>}`
    : M extends { readonly kind: "static"; readonly upstreamByDownstream: infer Table }
      ? [Up, Down] extends [HasKeys, HasKeys]
        ? [keyof Table] extends [PartitionKeyOf<Down>]
          ? unknown
          : `this asset has no partition "${Exclude<keyof Table, PartitionKeyOf<Down>> & string}"`
        : `a static mapping joins keys: asset "${Key}" is partitioned by ${Noun<Up>}, this one by ${Noun<Down>}`
      : M extends { readonly kind: "multiToSingle"; readonly dimension?: infer Dimension }
        ? CheckSingle<Key, Up, Down, Dimension>
        : M extends CustomMappingOf<infer For, infer Given>
          ? [Down] extends [For]
            ? CheckGiven<Key, Up, Given>
            : `the mapping function was written for partitions by ${Noun<For>}, this asset has them by ${Noun<Down>}`
          : unknown;

type HasKeys = FixedPartitions | DynamicPartitions;

/** One side has the dimension, the other has no dimensions. */
type CheckSingle<Key extends string, Up, Down, Dimension> = [PartitionsDefinition] extends [Up | Down]
  ? unknown
  : [Up, Down] extends [MultiPartitions<infer D>, Exclude<PartitionsDefinition, MultiPartitions>]
    ? CheckDimension<`asset "${Key}"`, keyof D, Dimension>
    : [Up, Down] extends [Exclude<PartitionsDefinition, MultiPartitions>, MultiPartitions<infer D>]
      ? CheckDimension<"this asset", keyof D, Dimension>
      : `a mapping of one dimension joins several dimensions and one: asset "${Key}" is partitioned by ${Noun<Up>}, this one by ${Noun<Down>}`;

type CheckDimension<Subject extends string, Known, Dimension> = string extends Dimension
  ? unknown
  : [Exclude<Dimension, undefined>] extends [Known]
    ? unknown
    : `${Subject} has no dimension "${Exclude<Dimension, undefined> & string}"`;

/** Keys that a mapping function gives: a text that it has made may be any time's; of fixed keys it has to be one. */
type CheckGiven<Key extends string, Up, Given> = [Given] extends [never]
  ? unknown
  : PartitionsDefinition extends Up
    ? unknown
    : Up extends MultiPartitions<infer D>
      ? [Given] extends [string | { readonly [Name in keyof D]: string }]
        ? unknown
        : `asset "${Key}" has other dimensions than the mapping function gives keys of`
      : [Given] extends [PartitionKeyOf<Up>]
        ? unknown
        : Up extends FixedPartitions
          ? `the mapping function gives "${Exclude<Given, PartitionKeyOf<Up>> & string}", which asset "${Key}" does not have`
          : string extends Given
            ? unknown
            : `the mapping function gives what is no key of asset "${Key}"`;

export function isMapped(value: unknown): value is Mapped {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "dep" && "asset" in value;
}

/** The handles behind definitions: `materialize` in a test meets assets that no `define()` lists. */
const handles = new WeakMap<DependencyDefinition, AnyAsset>();

export function handleOfDependency(definition: DependencyDefinition): AnyAsset {
  return handles.get(definition)!;
}

/** `deps` with the types forgotten; what is neither an asset nor a `dep()` is left out and named in `strangers`. */
export function readDeps(deps: Deps | undefined): {
  readonly definitions: Readonly<Record<string, DependencyDefinition>>;
  readonly strangers: readonly string[];
} {
  const definitions: Record<string, DependencyDefinition> = {};
  const strangers: string[] = [];
  for (const [name, value] of Object.entries(deps ?? {})) {
    const mapped = isMapped(value) ? value : { asset: value, mapping: undefined, weak: false };
    if (!isAsset(mapped.asset)) {
      strangers.push(name);
      continue;
    }
    const definition = { asset: mapped.asset.key, mapping: mapped.mapping, weak: mapped.weak };
    handles.set(definition, mapped.asset);
    definitions[name] = definition;
  }
  return { definitions, strangers };
}
