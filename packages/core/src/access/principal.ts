/** Who somebody is to a server, and what that one may. */
import { roles, type Role } from "../client/operation.ts";
import { IrokoError } from "../errors.ts";

/** `machine`: whoever can reach a server that listens on its own machine only, or run the command on it. */
export interface Principal {
  readonly kind: "machine" | "user" | "token";
  readonly name: string;
  readonly role: Role;
  /** The user, or the token. */
  readonly id?: string | undefined;
  /** Whose session or token it is; a token that was made on the machine is nobody's. */
  readonly user?: { readonly id: string; readonly name: string } | undefined;
}

/** Each role may do what those before it may. */
export function mayAct(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

export function lesserRole(a: Role, b: Role): Role {
  return mayAct(a, b) ? b : a;
}

/** @throws {IrokoError} ROLE_NEEDED, with the role that is needed and the one that is had */
export function requireRoleOf(principal: Principal, needed: Role, what: string): void {
  if (mayAct(principal.role, needed)) return;
  const { kind, name, role } = principal;
  const who = kind === "machine" ? "This machine's user" : kind === "user" ? `User ${name}` : `Token ${name}`;
  throw new IrokoError("ROLE_NEEDED", `${what} needs the role ${needed}. ${who} has the role ${role}.`, {
    hint:
      kind === "token"
        ? `Use a token of that role: iroko tokens create NAME --role ${needed}`
        : `Somebody who is admin can give it: iroko users set-role ${name} ${needed}`,
    details: { needed, role },
  });
}

/** @throws {IrokoError} ROLE_UNKNOWN */
export function parseRole(text: string): Role {
  const role = roles.find((role) => role === text);
  if (role !== undefined) return role;
  throw new IrokoError("ROLE_UNKNOWN", `There is no role ${JSON.stringify(text)}.`, {
    hint: `A role is one of: ${roles.join(", ")}.`,
  });
}
