/**
 * Sets of partitions with several dimensions: unions of boxes. There are many ways to cut a shape into boxes; ours is the
 * one in which the first dimension is cut into as few parts as have different rests, and each rest in the same way. So equal
 * sets are equal boxes. Dimensions of keys come first and those of time last, where one part holds any number of ranges:
 * the holes of a thousand days in 36 regions are at most 36 boxes.
 */
import type { Partition } from "./partitions-definition.ts";
import type { Box, DimensionSet, MultiSet } from "./partition-set.ts";
import {
  containsInDimension,
  emptyLike,
  intersectDimension,
  isEmptyDimension,
  keySet,
  subtractDimension,
  timeSet,
  unionDimension,
} from "./dimension-set.ts";
import { unlikeSets } from "./unlike-sets.ts";

/** A set from any boxes, overlapping or empty ones too. */
export function multiSet(boxes: readonly Box[]): MultiSet {
  const whole = boxes.filter((box) => !Object.values(box).some(isEmptyDimension));
  const order = orderOf(whole);
  return setOfTree(unionOfAll(whole.map((box) => treeOfBox(box, order))), order);
}

export type SetOperation = "union" | "intersect" | "subtract";

export function combineMulti(operation: SetOperation, a: MultiSet, b: MultiSet): MultiSet {
  const order = orderOf([...a.boxes, ...b.boxes]);
  return setOfTree(combine(operation, treeOf(a, order), treeOf(b, order)), order);
}

export function equalMulti(a: MultiSet, b: MultiSet): boolean {
  const order = orderOf([...a.boxes, ...b.boxes]);
  return signatureOf(treeOf(a, order)) === signatureOf(treeOf(b, order));
}

export function containsMulti({ boxes }: MultiSet, { id, dimensions }: Partition): boolean {
  if (!dimensions) throw unlikeSets(`The partition "${id}" has no dimensions, but the set has`);
  return boxes.some((box) => Object.entries(box).every(([name, set]) => containsInDimension(set, dimensions[name]!)));
}

/** The set of single partitions, grouped as they come: no union for each of them. */
export function multiSetOfPartitions(partitions: readonly Partition[]): MultiSet {
  const [first] = partitions;
  if (!first) return { kind: "multi", boxes: [] };
  const order = orderOf([boxOfPartition(first)]);
  return setOfTree(treeOfPoints(partitions, order), order);
}

/** What lies in one dimension, whatever the others. */
export function projection({ boxes }: MultiSet, dimension: string): DimensionSet | undefined {
  const [first, ...rest] = boxes.map((box) => box[dimension]!);
  return first && rest.reduce(unionDimension, first);
}

/** A part of the first dimension with what goes with it in the others; of the last one just the part. */
type Tree = { readonly set: DimensionSet } | { readonly branches: readonly Branch[] };

interface Branch {
  readonly set: DimensionSet;
  readonly rest: Tree;
}

/** Keys before time, then by name: it depends on nothing but the dimensions themselves. */
function orderOf(boxes: readonly Box[]): readonly string[] {
  const [first] = boxes;
  if (!first) return [];
  const order = Object.keys(first).toSorted((a, b) => {
    const [left, right] = [first[a]!.kind === "time", first[b]!.kind === "time"];
    return left === right ? (a < b ? -1 : 1) : Number(left) - Number(right);
  });
  const isAlike = (box: Box): boolean =>
    Object.keys(box).length === order.length && order.every((name) => box[name]?.kind === first[name]!.kind);
  if (!boxes.every(isAlike)) throw unlikeSets("Sets of unlike dimensions are of different definitions");
  return order;
}

// Boxes that were made here are known to be in order; any others are put in order first.
const trees = new WeakMap<readonly Box[], Tree>();

function treeOf({ boxes }: MultiSet, order: readonly string[]): Tree | undefined {
  if (boxes.length === 0) return undefined;
  return trees.get(boxes) ?? unionOfAll(boxes.map((box) => treeOfBox(box, order)));
}

function treeOfBox(box: Box, order: readonly string[]): Tree {
  const sets = order.map((name) => box[name]!);
  return sets.slice(0, -1).reduceRight<Tree>((rest, set) => ({ branches: [{ set, rest }] }), { set: sets.at(-1)! });
}

/** By halves: what is added last costs no more than what was added first. */
function unionOfAll(all: readonly Tree[]): Tree | undefined {
  if (all.length < 2) return all[0];
  const middle = all.length >>> 1;
  return combine("union", unionOfAll(all.slice(0, middle)), unionOfAll(all.slice(middle)));
}

function treeOfPoints(points: readonly Partition[], [name, ...others]: readonly string[]): Tree {
  const inDimension = (point: Partition): Partition => point.dimensions![name!]!;
  if (others.length === 0) return { set: dimensionSetOf(points.map(inDimension)) };
  const byValue = Map.groupBy(points, (point) => inDimension(point).id);
  const branches = Array.from(byValue.values(), (same) => ({
    set: dimensionSetOf([inDimension(same[0]!)]),
    rest: treeOfPoints(same, others),
  }));
  return { branches: merged(branches) };
}

function boxOfPartition({ dimensions = {} }: Partition): Box {
  return Object.fromEntries(Object.entries(dimensions).map(([name, point]) => [name, dimensionSetOf([point])]));
}

function dimensionSetOf(points: readonly Partition[]): DimensionSet {
  const windows = points.flatMap(({ window }) => (window ? [window] : []));
  return windows.length > 0 ? timeSet(windows) : keySet(points.map(({ id }) => id));
}

function setOfTree(tree: Tree | undefined, order: readonly string[]): MultiSet {
  const boxes = tree ? boxesOf(tree, order) : [];
  if (tree) trees.set(boxes, tree);
  return { kind: "multi", boxes };
}

function boxesOf(tree: Tree, [name, ...others]: readonly string[]): Box[] {
  if ("set" in tree) return [{ [name!]: tree.set }];
  return tree.branches.flatMap(({ set, rest }) => boxesOf(rest, others).map((box) => ({ [name!]: set, ...box })));
}

const operations = { union: unionDimension, intersect: intersectDimension, subtract: subtractDimension };

/** Undefined stands for nothing. */
function combine(operation: SetOperation, a: Tree | undefined, b: Tree | undefined): Tree | undefined {
  if (!a) return operation === "union" ? b : undefined;
  if (!b) return operation === "intersect" ? undefined : a;
  if ("set" in a && "set" in b) {
    const set = operations[operation](a.set, b.set);
    return isEmptyDimension(set) ? undefined : { set };
  }
  if ("set" in a || "set" in b) throw unlikeSets("Sets of unlike dimensions are of different definitions");
  const branches = commonParts(a.branches, b.branches).flatMap(({ set, inA, inB }) => {
    const rest = combine(operation, inA, inB);
    return rest ? [{ set, rest }] : [];
  });
  return branches.length === 0 ? undefined : { branches: merged(branches) };
}

interface CommonPart {
  readonly set: DimensionSet;
  readonly inA: Tree | undefined;
  readonly inB: Tree | undefined;
}

/** The first dimension cut wherever either side cuts it. */
function commonParts(a: readonly Branch[], b: readonly Branch[]): readonly CommonPart[] {
  return a[0]!.set.kind === "keys" ? commonKeys(a, b) : commonWindows(a, b);
}

/** By key: ten thousand tenants with a branch each are not compared pair by pair. */
function commonKeys(a: readonly Branch[], b: readonly Branch[]): readonly CommonPart[] {
  const [ownerInA, ownerInB] = [ownersOf(a), ownersOf(b)];
  const byOwners = Map.groupBy(
    new Set([...ownerInA.keys(), ...ownerInB.keys()]),
    (key) => `${ownerInA.get(key) ?? ""} ${ownerInB.get(key) ?? ""}`,
  );
  return Array.from(byOwners.values(), (keys) => ({
    set: keySet(keys),
    inA: a[ownerInA.get(keys[0]!) ?? -1]?.rest,
    inB: b[ownerInB.get(keys[0]!) ?? -1]?.rest,
  }));
}

function ownersOf(branches: readonly Branch[]): ReadonlyMap<string, number> {
  return new Map(
    branches.flatMap(({ set }, owner) => (set.kind === "keys" ? set.keys : []).map((key) => [key, owner] as const)),
  );
}

function commonWindows(a: readonly Branch[], b: readonly Branch[]): readonly CommonPart[] {
  const parts: CommonPart[] = [];
  const nothing = emptyLike(a[0]!.set);
  const allOf = (branches: readonly Branch[]): DimensionSet =>
    branches.map(({ set }) => set).reduce(unionDimension, nothing);
  const [inAll, ofAll] = [allOf(a), allOf(b)];
  for (const one of a) {
    for (const other of b) {
      parts.push({ set: intersectDimension(one.set, other.set), inA: one.rest, inB: other.rest });
    }
    parts.push({ set: subtractDimension(one.set, ofAll), inA: one.rest, inB: undefined });
  }
  for (const other of b) {
    parts.push({ set: subtractDimension(other.set, inAll), inA: undefined, inB: other.rest });
  }
  return parts.filter(({ set }) => !isEmptyDimension(set));
}

/** Parts with equal rests are one; in an order that depends on nothing but the parts. */
function merged(branches: readonly Branch[]): readonly Branch[] {
  const byRest = Map.groupBy(branches, ({ rest }) => signatureOf(rest));
  const parts = Array.from(byRest.values(), (same) => ({
    set: unionOfSets(same.map(({ set }) => set)),
    rest: same[0]!.rest,
  }));
  return parts.toSorted((a, b) => (firstOf(a.set) < firstOf(b.set) ? -1 : 1));
}

function unionOfSets(sets: readonly DimensionSet[]): DimensionSet {
  if (sets[0]!.kind === "keys") return keySet(sets.flatMap((set) => (set.kind === "keys" ? set.keys : [])));
  return timeSet(sets.flatMap((set) => (set.kind === "time" ? set.windows : [])));
}

function firstOf(set: DimensionSet): string | number {
  return set.kind === "keys" ? set.keys[0]! : set.windows[0]!.start.epochMilliseconds;
}

const signatures = new WeakMap<Tree, string>();

/** The same text for the same shape, and for no other. */
function signatureOf(tree: Tree | undefined): string {
  if (!tree) return "";
  let signature = signatures.get(tree);
  if (signature === undefined) {
    const content =
      "set" in tree ? textOf(tree.set) : tree.branches.map(({ set, rest }) => [textOf(set), signatureOf(rest)]);
    signatures.set(tree, (signature = JSON.stringify(content)));
  }
  return signature;
}

function textOf(set: DimensionSet): readonly (string | number)[] {
  if (set.kind === "keys") return set.keys;
  return set.windows.flatMap(({ start, end }) => [start.epochMilliseconds, end.epochMilliseconds]);
}
