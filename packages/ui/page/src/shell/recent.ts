/** What was looked at last in this tab: the assets and runs one goes back to. */
import { effect } from "@preact/signals";
import { place } from "../router.ts";
import { routeAt } from "../routes.ts";

export interface Recent {
  readonly kind: "asset" | "run";
  readonly name: string;
}

const item = "iroko.recent";
const mostKept = 6;

export function recents(): readonly Recent[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(item) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isRecent) : [];
  } catch {
    return [];
  }
}

function isRecent(value: unknown): value is Recent {
  const { kind, name } = (value ?? {}) as Partial<Record<string, unknown>>;
  return (kind === "asset" || kind === "run") && typeof name === "string";
}

export function rememberPlaces(): void {
  effect(() => {
    const seen = seenAt(place.value.path);
    if (seen === undefined) return;
    const others = recents().filter(({ kind, name }) => kind !== seen.kind || name !== seen.name);
    try {
      sessionStorage.setItem(item, JSON.stringify([seen, ...others].slice(0, mostKept)));
    } catch {
      // a browser that keeps nothing
    }
  });
}

/** The asset or run that a path is about. */
export function seenAt(path: string): Recent | undefined {
  const { key, id } = routeAt(path)?.values ?? {};
  if (key !== undefined) return { kind: "asset", name: key };
  return id === undefined ? undefined : { kind: "run", name: id };
}
