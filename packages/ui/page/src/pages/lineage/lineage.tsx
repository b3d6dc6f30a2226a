/** The whole graph, or what a selection selects of it: as a picture, an outline or a table, all of the same assets. */
import type { Lineage as Answer } from "@iroko/core/client";
import type { JSX } from "preact";
import { useCallback, useMemo, useRef } from "preact/hooks";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { useTitle } from "../../app.tsx";
import type { Card } from "../../graph/draw.ts";
import { fold, type Node } from "../../graph/fold.ts";
import { GraphView } from "../../graph/graph-view.tsx";
import { sceneOf } from "../../graph/scene.ts";
import { count, counted } from "../../parts/amounts.ts";
import { Badge, glyphOf, toneOf } from "../../parts/badge.tsx";
import { Choices } from "../../parts/choices.tsx";
import { Empty } from "../../parts/command.tsx";
import { deploy } from "../../parts/commands.ts";
import { DataTable } from "../../parts/data-table.tsx";
import { assetHref, lineHref } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { go, place, setQuery } from "../../router.ts";
import { Outline } from "./outline.tsx";
import { SelectionBar } from "./selection-bar.tsx";

const views = ["graph", "outline", "table"] as const;

export default function Lineage(): JSX.Element {
  useTitle("Lineage");
  const { query } = place.value;
  const select = query.get("select") ?? "";
  const around = query.get("around");
  const whole = query.get("whole");
  const known = useResource<Answer>(address("/lineage", { select, around, whole }));
  return (
    <>
      <h1>Lineage</h1>
      <SelectionBar value={select} names={known.value?.keys ?? []} groups={known.value?.groups ?? []} />
      <Loaded of={known} rows={10}>
        {(answer) =>
          answer.total === 0 ? (
            <Empty says="There are no assets yet. Register your definitions:" command={deploy} />
          ) : (
            <Shown answer={answer} />
          )
        }
      </Loaded>
    </>
  );
}

function Shown({ answer }: { readonly answer: Answer }): JSX.Element {
  const { query } = place.value;
  const view = views.find((name) => name === query.get("view")) ?? "graph";
  const healthOf = useCallback((at: number): string => answer.healths[answer.health[at]!]!, [answer]);
  const counts = answer.healths
    .map((health, at) => ({ health, assets: answer.health.filter((each) => each === at).length }))
    .filter(({ assets }) => assets > 0);
  return (
    <>
      <div class="row">
        <span>
          {answer.around === null
            ? `${count(answer.keys.length)} of ${counted(answer.total, "asset")}`
            : `Near ${answer.around}: ${count(answer.keys.length)} of ${counted(answer.total, "asset")}.`}
          {answer.around === null ? null : (
            <>
              {" "}
              <a href="/lineage?whole=true">Show all</a>
            </>
          )}
        </span>
        {counts.map(({ health, assets }) => (
          <span key={health}>
            <Badge state={health} /> {count(assets)}
          </span>
        ))}
        <Choices name="view" label="Shown as" values={views} chosen={view} />
      </div>
      {view === "graph" ? <Picture answer={answer} healthOf={healthOf} /> : null}
      {view === "outline" ? <Outline answer={answer} healthOf={healthOf} /> : null}
      {view === "table" ? <Table answer={answer} healthOf={healthOf} /> : null}
    </>
  );
}

interface PartProps {
  readonly answer: Answer;
  readonly healthOf: (at: number) => string;
}

/** The worst first: what a folded group says of all its assets. */
const severity = ["failed", "running", "missing", "unknown", "made"];

function Picture({ answer, healthOf }: PartProps): JSX.Element {
  const { query } = place.value;
  const folds = query.get("fold") ?? "";
  const focusedName = query.get("focus");
  // The same graph in other states is not laid out again.
  const graph = useSame(answer, `${answer.keys.join("\n")}\n\n${answer.edges.join(" ")}`);
  const scene = useMemo(() => {
    const groups = graph.group.map((at) => graph.groups[at]!);
    return sceneOf(fold(graph.keys, groups, graph.edges, new Set(folds === "" ? [] : folds.split(","))));
  }, [graph, folds]);
  const worst = useCallback(
    ({ members }: Node): string =>
      members.map(healthOf).reduce((a, b) => (severity.indexOf(a) <= severity.indexOf(b) ? a : b)),
    [healthOf],
  );
  const picture = useMemo(() => {
    const states = scene.nodes.map(worst);
    return { scene, tones: states.map(toneOf), card: (at: number) => cardOf(scene.nodes[at]!, states[at]!) };
  }, [scene, worst]);
  const found = focusedName === null ? -1 : scene.nodes.findIndex(({ name }) => name === focusedName);
  const focused = found < 0 ? undefined : found;
  const setFolded = (group: string, isFolded: boolean): void => {
    const now = new Set(folds === "" ? [] : folds.split(","));
    if (isFolded) now.add(group);
    else now.delete(group);
    setQuery({ fold: [...now].join(","), focus: null });
  };
  const node = focused === undefined ? undefined : scene.nodes[focused];
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
      <p class="row">
        {node === undefined ? (
          <span class="faint">
            Click an asset to see what it depends on; twice to open it. Arrow keys walk along the arrows.
          </span>
        ) : node.kind === "asset" ? (
          <>
            <a href={assetHref(node.name)}>Open {node.name}</a>
            <a href={lineHref(node.name)}>Only its line</a>
            <button type="button" onClick={() => setFolded(node.group, true)}>
              Fold the group {node.group}
            </button>
          </>
        ) : (
          <button type="button" onClick={() => setFolded(node.name, false)}>
            Unfold the group {node.name}
          </button>
        )}
      </p>
    </>
  );
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

const rowsShown = 500;

function Table({ answer, healthOf }: PartProps): JSX.Element {
  const order = answer.keys
    .map((_, at) => at)
    .toSorted((a, b) => severity.indexOf(healthOf(a)) - severity.indexOf(healthOf(b)) || a - b);
  return (
    <>
      <DataTable
        rows={order.slice(0, rowsShown)}
        keyOf={(at) => answer.keys[at]!}
        columns={[
          { title: "State", cell: (at) => <Badge state={healthOf(at)} /> },
          { title: "Asset", cell: (at) => <a href={assetHref(answer.keys[at]!)}>{answer.keys[at]}</a> },
          { title: "Group", cell: (at) => answer.groups[answer.group[at]!] },
        ]}
      />
      {order.length > rowsShown ? (
        <p class="empty">and {count(order.length - rowsShown)} more: select some of them.</p>
      ) : null}
    </>
  );
}
