/** Which page draws which path. Each is a file of its own, fetched when it is first gone to. */
import type { ComponentType } from "preact";
import { match } from "./router.ts";

export interface PageProps {
  /** The values in the path, by their names in the pattern. */
  readonly in: Readonly<Record<string, string>>;
}

interface Route {
  readonly pattern: string;
  readonly load: () => Promise<{ readonly default: ComponentType<PageProps> }>;
}

const routes: readonly Route[] = [
  { pattern: "/", load: () => import("./pages/home/home.tsx") },
  { pattern: "/lineage", load: () => import("./pages/lineage/lineage.tsx") },
  { pattern: "/assets/:key", load: () => import("./pages/asset/asset.tsx") },
  { pattern: "/launchpad", load: () => import("./pages/launchpad/launchpad.tsx") },
  { pattern: "/runs", load: () => import("./pages/runs/runs.tsx") },
  { pattern: "/runs/:id", load: () => import("./pages/run/run.tsx") },
  { pattern: "/schedules", load: () => import("./pages/schedules/schedules.tsx") },
  { pattern: "/instance", load: () => import("./pages/instance/instance.tsx") },
];

export function routeAt(path: string): { readonly route: Route; readonly values: PageProps["in"] } | undefined {
  for (const route of routes) {
    const values = match(route.pattern, path);
    if (values !== undefined) return { route, values };
  }
  return undefined;
}
