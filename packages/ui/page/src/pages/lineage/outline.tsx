/** The graph as a tree of text: each asset under the first that it depends on; what it depends on besides is named. */
import type { Lineage } from "@iroko/core/client";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Badge } from "../../parts/badge.tsx";
import { assetHref } from "../../parts/links.ts";
import { itemsOf } from "./outline-items.ts";

interface OutlineProps {
  readonly answer: Lineage;
  readonly healthOf: (at: number) => string;
}

const mostShown = 400;

export function Outline({ answer, healthOf }: OutlineProps): JSX.Element {
  const items = useMemo(() => itemsOf(answer), [answer]);
  const [current, setCurrent] = useState(0);
  const shown = items.slice(0, mostShown);
  const onKeyDown = (event: KeyboardEvent): void => {
    const next =
      event.key === "ArrowDown" || event.key === "j"
        ? current + 1
        : event.key === "ArrowUp" || event.key === "k"
          ? current - 1
          : event.key === "ArrowLeft"
            ? shown.findLastIndex(({ depth }, at) => at < current && depth < shown[current]!.depth)
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
            <Badge state={healthOf(at)} />
            {also.length === 0 ? null : (
              <span class="faint"> also after {also.map((other) => answer.keys[other]).join(", ")}</span>
            )}
          </li>
        ))}
      </ul>
      {items.length > mostShown ? <p class="empty">and {items.length - mostShown} more: select some of them.</p> : null}
    </>
  );
}
