/** All that anybody may have who has not signed in: by exact method and path, as the router itself compares them. */
import type { Context } from "hono";

export const openRoutes: readonly string[] = [
  "GET /login",
  "POST /login",
  "GET /style.css",
  "GET /icon.svg",
  "GET /livez",
];

const open = new Set(openRoutes);

export function isOpen({ req }: Context): boolean {
  return open.has(`${req.method === "HEAD" ? "GET" : req.method} ${req.path}`);
}

/** Whether the process answers: nothing of the instance, so that what restarts it need be nobody. */
export const livenessPath = "/livez";
