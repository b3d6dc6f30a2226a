/** j and k walk through a list's rows, by the first link of each; Enter opens it as it does any link. */
import type { ComponentChildren, JSX } from "preact";
import { useCallback, useRef } from "preact/hooks";
import { useWalk } from "./walk-by-key.ts";

export function RowKeys({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const links = useCallback(
    () =>
      [...list.current!.querySelectorAll<HTMLElement>("tbody tr, li")].flatMap(
        (row) => row.querySelector<HTMLElement>("a[href]") ?? [],
      ),
    [],
  );
  useWalk("j", "k", links);
  return <div ref={list}>{children}</div>;
}
