import type { ComputeDefinition } from "../../definitions/model.ts";
import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import type { Collected } from "./collect.ts";

/** Circles of computes, each told once, by the assets along it. */
export function cycleProblems({ computes, byKey }: Collected): readonly DefinitionProblem[] {
  const known = new Set(computes);
  const byName = new Map(computes.map((compute) => [compute.name, compute]));
  const arrows = new Map(
    computes.map((compute) => [
      compute.name,
      Object.values(compute.deps).flatMap(({ asset }) => {
        const maker = byKey.get(asset)?.compute;
        return maker !== undefined && known.has(maker) ? [{ asset, to: maker.name }] : [];
      }),
    ]),
  );
  const problems: DefinitionProblem[] = [];
  const done = new Set<string>();
  for (const start of arrows.keys()) {
    if (done.has(start)) continue;
    // Depth first with a stack of our own: a chain may be longer than the call stack.
    const path: { readonly name: string; readonly via: string; next: number }[] = [{ name: start, via: "", next: 0 }];
    const onPath = new Map([[start, 0]]);
    while (path.length > 0) {
      const here = path.at(-1)!;
      const arrow = arrows.get(here.name)![here.next++];
      if (arrow === undefined) {
        path.pop();
        onPath.delete(here.name);
        done.add(here.name);
      } else if (onPath.has(arrow.to)) {
        const round = path.slice(onPath.get(arrow.to));
        const circle = [...round.slice(1).map(({ via }) => via), arrow.asset];
        const several = round
          .map(({ name }) => byName.get(name)!)
          .find(({ outputs }) => Object.keys(outputs).length > 1);
        problems.push(circleProblem(circle, several));
      } else if (!done.has(arrow.to)) {
        onPath.set(arrow.to, path.length);
        path.push({ name: arrow.to, via: arrow.asset, next: 0 });
      }
    }
  }
  return problems;
}

/**
 * @param circle each depends on the next, the last on the first
 * @param several a multi-asset along it: what one of its outputs depends on, all do
 */
function circleProblem(circle: readonly string[], several: ComputeDefinition | undefined): DefinitionProblem {
  const path = [...circle, circle[0]!].map((key) => `"${key}"`).join(" → ");
  const keys = Object.values(several?.outputs ?? {}).map(({ key }) => `"${key}"`);
  return problem(
    "ASSET_CYCLE",
    `asset "${circle[0]}", deps`,
    circle.length === 1
      ? `Asset ${path.split(" ")[0]} depends on itself.`
      : `Assets depend on each other in a circle: ${path}.`,
    several === undefined
      ? "Take one dependency out. An asset reads its own earlier versions by ctx.previous."
      : `${keys.join(" and ")} are made together, and cannot stand on both sides of another asset: make them apart.`,
  );
}
