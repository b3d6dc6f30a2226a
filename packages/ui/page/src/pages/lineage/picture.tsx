/** The lineage as a picture: groups fold, an asset in focus shows its line. */
import type { Lineage } from "@iroko/core/client";
import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import type { Card } from "../../graph/draw.ts";
import { fold, type Node } from "../../graph/fold.ts";
import { GraphView } from "../../graph/graph-view.tsx";
import { sceneOf } from "../../graph/scene.ts";
import { counted } from "../../parts/amounts.ts";
import { glyphOf, toneOf } from "../../parts/badge.tsx";
import { assetHref, lineHref } from "../../parts/links.ts";
import { go, place, setQuery } from "../../router.ts";
import { foldedIn, foldText } from "./folds.ts";
import { healthOf, worstOf } from "./states.ts";

export function Picture({ answer }: { readonly answer: Lineage }): JSX.Element {
  const { query } = place.value;
  const folds = query.get("fold") ?? "";
  const focusedName = query.get("focus");
  // The same graph in other states is not laid out again.
  const graph = useSame(answer, `${answer.keys.join("\n")}\n\n${answer.edges.join(" ")}`);
  const folded = useMemo(() => foldedIn(folds, graph.groups), [folds, graph]);
  const scene = useMemo(
    () =>
      sceneOf(
        fold(
          graph.keys,
          graph.group.map((at) => graph.groups[at]!),
          graph.edges,
          folded,
        ),
      ),
    [graph, folded],
  );
  const picture = useMemo(() => {
    const states = scene.nodes.map(({ members }) => worstOf(members.map((at) => healthOf(answer, at))));
    return { scene, tones: states.map(toneOf), card: (at: number) => cardOf(scene.nodes[at]!, states[at]!) };
  }, [scene, answer]);
  const found = focusedName === null ? -1 : scene.nodes.findIndex(({ name }) => name === focusedName);
  const focused = found < 0 ? undefined : found;
  const node = focused === undefined ? undefined : scene.nodes[focused];
  const isShown = new Set(scene.nodes.flatMap(({ kind, group }) => (kind === "group" ? [group] : [])));
  const open = [...folded].filter((group) => !isShown.has(group));
  const setFolded = (group: string, isFolded: boolean): void => {
    const now = new Set(folded);
    if (isFolded) now.add(group);
    else now.delete(group);
    setQuery({ fold: foldText(now, graph.groups), focus: isFolded ? group : null });
  };
  return (
    <>
      <GraphView
        picture={picture}
        say={(at) => {
          const { title, sub } = picture.card(at);
          return `${title}: ${sub}. ${counted(scene.above.from[at + 1]! - scene.above.from[at]!, "asset")} above, ${scene.below.from[at + 1]! - scene.below.from[at]!} below.`;
        }}
        focused={focused}
        onFocus={(at) => setQuery({ focus: at === undefined ? null : scene.nodes[at]!.name })}
        onOpen={(at) => {
          const { kind, name } = scene.nodes[at]!;
          if (kind === "asset") go(assetHref(name));
          else setFolded(name, false);
        }}
      />
      <p class="row acts">
        {node === undefined ? (
          <span class="faint">
            Click an asset to see what it depends on; twice to open it. Arrow keys walk along the arrows.
          </span>
        ) : node.kind === "asset" ? (
          <>
            <a class="button primary" href={assetHref(node.name)}>
              Open {node.name}
            </a>
            <a class="button" href={lineHref(node.name)}>
              Only its upstream and downstream
            </a>
            {answer.around === null || answer.around === node.name ? null : (
              <a
                class="button"
                href={`/lineage?${new URLSearchParams({ around: node.name, focus: node.name }).toString()}`}
              >
                What is near it
              </a>
            )}
            <button type="button" onClick={() => setFolded(node.group, true)}>
              Fold the group {node.group}
            </button>
          </>
        ) : (
          <button type="button" onClick={() => setFolded(node.name, false)}>
            Unfold the group {node.name}
          </button>
        )}
        {folded.size === graph.groups.length ? null : (
          <button type="button" onClick={() => setQuery({ fold: "*", focus: null })}>
            Fold all groups
          </button>
        )}
        {folded.size === 0 ? null : (
          <button type="button" onClick={() => setQuery({ fold: null, focus: null })}>
            Unfold all
          </button>
        )}
        {open.length === 0 ? null : <span class="faint">{staysOpen(open)}: assets of others lie in between.</span>}
      </p>
    </>
  );
}

const namedOpen = 5;

function staysOpen(groups: readonly string[]): string {
  if (groups.length > namedOpen) return `${counted(groups.length, "group")} stay open`;
  return groups.length === 1 ? `The group ${groups[0]} stays open` : `The groups ${groups.join(", ")} stay open`;
}

function cardOf({ kind, name, group, members }: Node, health: string): Card {
  const sub = kind === "group" ? `${counted(members.length, "asset")}, worst ${health}` : `${health} · ${group}`;
  return { title: name, sub, glyph: glyphOf(health) };
}

/** The value as it was first with this key. */
function useSame<Value>(value: Value, key: string): Value {
  const first = useRef({ key, value });
  if (first.current.key !== key) first.current = { key, value };
  return first.current.value;
}
