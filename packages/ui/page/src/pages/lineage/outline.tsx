/** The graph as a tree of text: each asset under the first that it depends on; what it depends on besides is named. */
import type { Lineage } from "@iroko/core/client";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Badge } from "../../parts/badge.tsx";
import { assetHref } from "../../parts/links.ts";
import { itemsOf } from "./outline-items.ts";
import { healthOf } from "./states.ts";
import { More } from "./table.tsx";

const itemsAtOnce = 400;

export function Outline({ answer }: { readonly answer: Lineage }): JSX.Element {
  const items = useMemo(() => itemsOf(answer), [answer]);
  const [current, setCurrent] = useState(0);
  const [many, setMany] = useState(itemsAtOnce);
  const shown = items.slice(0, many);
  const onKeyDown = (event: KeyboardEvent): void => {
    const next =
      event.key === "ArrowDown" || event.key === "j"
        ? current + 1
        : event.key === "ArrowUp" || event.key === "k"
          ? current - 1
          : event.key === "ArrowLeft"
            ? shown.findLastIndex(({ depth }, at) => at < current && depth < shown[current]!.depth)
            : event.key === "ArrowRight" && (shown[current + 1]?.depth ?? 0) > shown[current]!.depth
              ? current + 1
              : event.key === "Home"
                ? 0
                : event.key === "End"
                  ? shown.length - 1
                  : undefined;
    if (next === undefined || next < 0 || next >= shown.length) return;
    event.preventDefault();
    setCurrent(next);
    document.querySelector<HTMLElement>(`#outline-${next} a`)?.focus();
  };
  return (
    <>
      <ul class="outline panel" role="tree" aria-label="Assets, each under what it depends on" onKeyDown={onKeyDown}>
        {shown.map(({ at, depth, also, size, position }, row) => (
          <li
            key={answer.keys[at]}
            id={`outline-${row}`}
            role="treeitem"
            aria-level={depth + 1}
            aria-setsize={size}
            aria-posinset={position}
            aria-selected={row === current}
            style={{ paddingLeft: `${depth * 1.4}rem` }}
          >
            <a href={assetHref(answer.keys[at]!)} tabIndex={row === current ? 0 : -1} onFocus={() => setCurrent(row)}>
              {answer.keys[at]}
            </a>{" "}
            <Badge state={healthOf(answer, at)} /> <span class="faint">{answer.groups[answer.group[at]!]}</span>
            {also.length === 0 ? null : (
              <span class="faint"> also after {also.map((other) => answer.keys[other]).join(", ")}</span>
            )}
          </li>
        ))}
      </ul>
      <More of={items.length} shown={many} onMore={() => setMany(many + itemsAtOnce)} />
    </>
  );
}
