/** A key walks through what a page lists, forwards or back: each press puts the focus on the next. */
import { useEffect } from "preact/hooks";

/** @param find what is walked through, as it is on the page at that moment */
export function useWalk(forwards: string, back: string | undefined, find: () => readonly HTMLElement[]): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if ((event.key !== forwards && event.key !== back) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (/^(?:INPUT|TEXTAREA|SELECT)$/.test((event.target as Element).tagName)) return;
      const stops = find();
      const at = stops.indexOf(document.activeElement as HTMLElement);
      const next = stops[event.key === forwards ? at + 1 : Math.max(0, at - 1)];
      next?.focus();
      next?.scrollIntoView({ block: "nearest" });
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [forwards, back, find]);
}
