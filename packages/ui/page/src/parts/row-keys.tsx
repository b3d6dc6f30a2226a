/** j and k walk through a list's rows, by the first link of each; Enter opens it as it does any link. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function RowKeys({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if ((event.key !== "j" && event.key !== "k") || event.ctrlKey || event.metaKey || event.altKey) return;
      if (/^(?:INPUT|TEXTAREA|SELECT)$/.test((event.target as Element).tagName)) return;
      const links = [...list.current!.querySelectorAll<HTMLElement>("tbody tr, li")].flatMap(
        (row) => row.querySelector<HTMLElement>("a[href]") ?? [],
      );
      const at = links.indexOf(document.activeElement as HTMLElement);
      const next = links[event.key === "j" ? at + 1 : Math.max(0, at - 1)];
      next?.focus();
      next?.scrollIntoView({ block: "nearest" });
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
  return <div ref={list}>{children}</div>;
}
