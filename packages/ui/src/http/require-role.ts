import type { Role } from "@iroko/core/client";
import { requireRoleOf } from "@iroko/core/engine";
import type { Context } from "hono";
import { callerOf } from "../auth/caller.ts";

/** @throws {IrokoError} ROLE_NEEDED, with the role that is needed and the one that the caller has */
export function requireRole(c: Context, role: Role): void {
  requireRoleOf(callerOf(c).principal, role, `${c.req.method} ${c.req.path}`);
}
