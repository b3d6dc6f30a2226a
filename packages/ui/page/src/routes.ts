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

const routes: readonly Route[] = [{ pattern: "/instance", load: () => import("./pages/instance/instance.tsx") }];

export function routeAt(path: string): { readonly route: Route; readonly values: PageProps["in"] } | undefined {
  for (const route of routes) {
    const values = match(route.pattern, path);
    if (values !== undefined) return { route, values };
  }
  return undefined;
}
