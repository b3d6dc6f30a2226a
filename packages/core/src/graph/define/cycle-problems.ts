import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import type { Collected } from "./collect.ts";

/** Circles of computes, each told once, by the assets along it. */
export function cycleProblems({ computes, byKey }: Collected): readonly DefinitionProblem[] {
  const known = new Set(computes);
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
        const circle = [...path.slice(onPath.get(arrow.to)! + 1).map(({ via }) => via), arrow.asset];
        problems.push(circleProblem(circle));
      } else if (!done.has(arrow.to)) {
        onPath.set(arrow.to, path.length);
        path.push({ name: arrow.to, via: arrow.asset, next: 0 });
      }
    }
  }
  return problems;
}

/** @param circle each depends on the next, the last on the first */
function circleProblem(circle: readonly string[]): DefinitionProblem {
  const path = [...circle, circle[0]!].map((key) => `"${key}"`).join(" → ");
  return problem(
    "ASSET_CYCLE",
    `asset "${circle[0]}", deps`,
    circle.length === 1
      ? `Asset ${path.split(" ")[0]} depends on itself.`
      : `Assets depend on each other in a circle: ${path}.`,
    "Take one dependency out. An asset reads its own earlier versions by ctx.previous.",
  );
}
