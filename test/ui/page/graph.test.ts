/** The graph's picture, without a browser: places, folds, walks and what lies under the pointer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fitting, opening, showing, toWorld, visible, zoomed } from "../../../packages/ui/page/src/graph/camera.ts";
import { fold } from "../../../packages/ui/page/src/graph/fold.ts";
import { isCrowded } from "../../../packages/ui/page/src/graph/in-view.ts";
import { foldedIn, foldText } from "../../../packages/ui/page/src/pages/lineage/folds.ts";
import { layOut } from "../../../packages/ui/page/src/graph/layout.ts";
import {
  cardHeight,
  cardOf,
  cardWidth,
  nodeAt,
  related,
  sceneOf,
  walk,
} from "../../../packages/ui/page/src/graph/scene.ts";

/** Graphs whose arrows go from a node to a later one. */
const graphs = fc.integer({ min: 1, max: 40 }).chain((size) =>
  fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 80 }).map((pairs) => ({
    size,
    edges: Int32Array.from(pairs.flatMap(([a, b]) => (a === b ? [] : [Math.min(a, b), Math.max(a, b)]))),
  })),
);
const assets = (size: number): readonly { kind: "asset"; name: string; group: string; members: readonly number[] }[] =>
  Array.from({ length: size }, (_, at) => ({ kind: "asset", name: `a${at}`, group: "g", members: [at] }));

test("every arrow goes to the right, and no two cards of a column overlap", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { column, row, columns } = layOut(graph);
      for (let at = 0; at < graph.edges.length; at += 2)
        assert.ok(column[graph.edges[at]!]! < column[graph.edges[at + 1]!]!);
      for (let each = 0; each < columns; each += 1) {
        const rows = [...row].filter((_, node) => column[node] === each).toSorted((a, b) => a - b);
        for (let at = 1; at < rows.length; at += 1) assert.ok(rows[at]! - rows[at - 1]! >= 1 - 1e-9, rows.join(" "));
      }
    }),
    { numRuns: 300 },
  );
});

test("an arrow over several columns crosses each between where no card is", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { column, row, bends } = layOut(graph);
      for (let at = 0; at < graph.edges.length; at += 2) {
        const [from, to] = [graph.edges[at]!, graph.edges[at + 1]!];
        const crossed = bends.get(at / 2) ?? [];
        assert.equal(crossed.length, column[to]! - column[from]! - 1);
        for (const [place, height] of crossed.entries()) {
          for (let node = 0; node < graph.size; node += 1) {
            if (column[node] === column[from]! + 1 + place) assert.ok(Math.abs(row[node]! - height) >= 1 - 1e-9);
          }
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("the same graph always has the same places", () => {
  fc.assert(
    fc.property(graphs, (graph) => assert.deepEqual(layOut(graph), layOut(graph))),
    { numRuns: 50 },
  );
});

test("a chain is a straight line", () => {
  const { row } = layOut({ size: 5, edges: Int32Array.of(0, 1, 1, 2, 2, 3, 3, 4) });
  assert.equal(new Set(row).size, 1);
});

test("ten thousand assets are laid out", () => {
  const edges = Int32Array.from(Array.from({ length: 9_999 }, (_, at) => [Math.floor(at / 3), at + 1]).flat());
  const { columns, row } = layOut({ size: 10_000, edges });
  assert.ok(columns > 5);
  assert.ok(row.every(Number.isFinite));
});

test("under each card's middle lies its node, and between the cards nothing", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const scene = sceneOf({ ...graph, nodes: assets(graph.size) });
      for (let node = 0; node < graph.size; node += 1) {
        const { left, top } = cardOf(scene, node);
        assert.equal(nodeAt(scene, left + cardWidth / 2, top + cardHeight / 2), node);
        assert.equal(nodeAt(scene, left + cardWidth + 10, top + cardHeight / 2), undefined);
      }
    }),
    { numRuns: 100 },
  );
});

test("an arrow is looked for wherever it goes, also around cards", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { y, edges, bends, spans } = sceneOf({ ...graph, nodes: assets(graph.size) });
      for (let at = 0; at < edges.length; at += 2) {
        const ends = [y[edges[at]!]! + cardHeight / 2, y[edges[at + 1]!]! + cardHeight / 2];
        const heights = [...ends, ...(bends.get(at / 2) ?? [])];
        assert.deepEqual([spans[at], spans[at + 1]], [Math.min(...heights), Math.max(...heights)]);
      }
    }),
    { numRuns: 100 },
  );
});

test("ten thousand from afar are a crowd, drawn once and then moved; a few dozen close by are drawn for each frame", () => {
  const edges = Int32Array.from(Array.from({ length: 9_999 }, (_, at) => [Math.floor(at / 3), at + 1]).flat());
  const scene = sceneOf({ size: 10_000, edges, nodes: assets(10_000) });
  const [width, height, ratio] = [1_280, 700, 1];
  assert.ok(isCrowded(scene, { camera: fitting(scene.box, width, height), width, height, ratio }));
  const { left, top } = cardOf(scene, 9_000);
  assert.ok(!isCrowded(scene, { camera: { scale: 1, x: 600 - left, y: 300 - top }, width, height, ratio }));
});

test("arrow keys lead along an arrow or within the column, and stay where there is no way", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const scene = sceneOf({ ...graph, nodes: assets(graph.size) });
      const isEdge = (from: number, to: number): boolean =>
        graph.edges.some((node, at) => at % 2 === 0 && node === from && graph.edges[at + 1] === to);
      for (let node = 0; node < graph.size; node += 1) {
        const [left, right] = [walk(scene, node, "left"), walk(scene, node, "right")];
        assert.ok(left === node || isEdge(left, node));
        assert.ok(right === node || isEdge(node, right));
        const below = walk(scene, node, "down");
        assert.equal(scene.column[below], scene.column[node]);
        if (below !== node) assert.equal(walk(scene, below, "up"), node);
      }
    }),
    { numRuns: 100 },
  );
});

test("what is related is all above and all below, and no cousin", () => {
  // 0 → 1 → 2, 0 → 3
  const scene = sceneOf({ size: 4, edges: Int32Array.of(0, 1, 1, 2, 0, 3), nodes: assets(4) });
  assert.deepEqual(
    [...related(scene, 1)].toSorted((a, b) => a - b),
    [0, 1, 2],
  );
  assert.deepEqual(
    [...related(scene, 0)].toSorted((a, b) => a - b),
    [0, 1, 2, 3],
  );
});

test("a folded group is one node with the arrows of its assets, each once", () => {
  const graph = fold(
    ["raw1", "raw2", "clean", "report"],
    ["raw", "raw", "clean", "mart"],
    [0, 2, 1, 2, 2, 3],
    new Set(["raw"]),
  );
  assert.deepEqual(
    graph.nodes.map(({ kind, name, members }) => [kind, name, members]),
    [
      ["group", "raw", [0, 1]],
      ["asset", "clean", [2]],
      ["asset", "report", [3]],
    ],
  );
  assert.deepEqual([...graph.edges], [0, 1, 1, 2]);
});

test("a group through which others flow stays open, for folded it would be above and below them", () => {
  const graph = fold(["a1", "b", "a2"], ["a", "b", "a"], [0, 1, 1, 2], new Set(["a", "b"]));
  assert.deepEqual(graph.nodes.map(({ name }) => name).toSorted(), ["a1", "a2", "b"]);
});

test("whatever is folded, every asset is in one node and arrows go on", () => {
  fc.assert(
    fc.property(
      graphs,
      fc.array(fc.nat(3), { minLength: 40, maxLength: 40 }),
      fc.subarray(["0", "1", "2", "3"]),
      (graph, of, folded) => {
        const groups = of.slice(0, graph.size).map(String);
        const keys = groups.map((_, at) => `k${at}`);
        const made = fold(keys, groups, [...graph.edges], new Set(folded));
        assert.deepEqual(
          made.nodes.flatMap(({ members }) => members).toSorted((a, b) => a - b),
          keys.map((_, at) => at),
        );
        for (let at = 0; at < made.edges.length; at += 2) assert.ok(made.edges[at]! < made.edges[at + 1]!);
      },
    ),
    { numRuns: 300 },
  );
});

test("zooming keeps what is under the pointer there, and fitting shows all of it", () => {
  const box = { left: -500, top: -300, right: 4_000, bottom: 900 };
  const camera = fitting(box, 800, 600);
  const seen = visible(camera, 800, 600);
  assert.ok(seen.left <= box.left && seen.right >= box.right && seen.top <= box.top && seen.bottom >= box.bottom);
  const before = toWorld(camera, 200, 100);
  const after = toWorld(zoomed(camera, 1.7, 200, 100), 200, 100);
  assert.ok(Math.abs(before[0] - after[0]) < 1e-6 && Math.abs(before[1] - after[1]) < 1e-6);
  const near = zoomed(camera, 100, 0, 0);
  const moved = visible(showing(near, { left: 3_000, top: 800, right: 3_200, bottom: 846 }, 800, 600), 800, 600);
  assert.ok(moved.left <= 3_000 && moved.right >= 3_200 && moved.top <= 800 && moved.bottom >= 846);
});

test("a few assets are near enough to read at first, from where they begin; of many all are seen", () => {
  const box = { left: 0, top: 0, right: 1_200, bottom: 200 };
  const wide = { width: 1_400, height: 600 };
  const narrow = { width: 390, height: 600 };
  assert.deepEqual(opening(box, 8, wide.width, wide.height), fitting(box, wide.width, wide.height));
  const seen = visible(opening(box, 8, narrow.width, narrow.height), narrow.width, narrow.height);
  assert.ok(seen.left <= box.left && seen.right < box.right, "its beginning");
  assert.ok(seen.top <= box.top && seen.bottom >= box.bottom, "as high as it is");
  assert.deepEqual(opening(box, 500, narrow.width, narrow.height), fitting(box, narrow.width, narrow.height));
});

test("whatever groups are called, the address keeps which are folded", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 }),
      fc.nat(),
      (groups, some) => {
        const folded = new Set(groups.filter((_, at) => (some >> at) % 2 === 1));
        assert.deepEqual(foldedIn(foldText(folded, groups) ?? "", groups), folded);
      },
    ),
  );
});
