/** Who may do what on a server that others can reach, and who has done what. */
import { z } from "zod";
import { listOperation } from "./list-operation.ts";
import { roles, type ListOperation, type Operation, type Role } from "./operation.ts";
import { instant, name, number, password, text, type Nothing } from "./values.ts";

export interface User {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  /** When its role or password was changed last. */
  readonly changedAt: string;
  /** By the newest of its sessions. */
  readonly lastSeenAt: string | null;
}

export interface NamedUser {
  readonly name: string;
}

export interface UserRole extends NamedUser {
  readonly role: Role;
}

export interface UserPassword extends NamedUser {
  readonly password: string;
}

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  /** As it was asked for: a user's present role may be below it, and counts then. */
  readonly role: Role;
  readonly madeBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly expired: boolean;
  /** To the minute. */
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

export interface NewTokenInput {
  /** What it is for. */
  readonly name: string;
  /** Not above one's own. */
  readonly role: Role;
  /** 90 unless told otherwise. */
  readonly days?: number | undefined;
}

export interface CreatedToken {
  readonly id: string;
  /** Told this once. */
  readonly token: string;
  readonly role: Role;
  readonly expiresAt: string;
}

export interface AuditInput {
  readonly operation?: string | undefined;
  readonly actor?: string | undefined;
}

export interface AuditItem {
  readonly seq: number;
  readonly at: string;
  readonly actorKind: "machine" | "user" | "token" | "nobody";
  readonly actor: string;
  readonly via: "cli" | "page" | "token";
  readonly address: string | null;
  readonly operation: string;
  readonly target: string | null;
  /** `done`, or the code of the error that it ended with. */
  readonly outcome: string;
}

const role = z.enum(roles);
const userName = z.string().min(1).max(64);
const user = z
  .object({ name: text, role, createdAt: instant, changedAt: instant, lastSeenAt: instant.nullable() })
  .meta({ id: "User" });

export const users: {
  readonly list: ListOperation<Nothing, User>;
  readonly add: Operation<UserRole & UserPassword, UserRole>;
  readonly setRole: Operation<UserRole, UserRole>;
  readonly setPassword: Operation<UserPassword, NamedUser>;
  readonly remove: Operation<NamedUser, NamedUser>;
} = {
  list: listOperation<Nothing, User>({
    path: "/users",
    role: "admin",
    summary: "Users by name",
    input: {},
    item: user,
    page: { normal: 100, most: 1_000 },
  }),
  add: {
    method: "POST",
    path: "/users",
    role: "admin",
    summary: "Let somebody sign in",
    input: z.strictObject({ name: userName, role, password }),
    answer: z.object({ name: text, role }),
    status: 201,
  },
  setRole: {
    method: "POST",
    path: "/users/{name}/role",
    role: "admin",
    summary: "Change what a user may do; its sessions end",
    input: z.strictObject({ name, role }),
    answer: z.object({ name: text, role }),
    repeatable: true,
  },
  setPassword: {
    method: "POST",
    path: "/users/{name}/password",
    role: "admin",
    summary: "Give a user a new password; its sessions end",
    input: z.strictObject({ name, password }),
    answer: z.object({ name: text }),
    repeatable: true,
  },
  remove: {
    method: "POST",
    path: "/users/{name}/remove",
    role: "admin",
    summary: "Remove a user; its sessions end, its tokens are revoked",
    input: z.strictObject({ name }),
    answer: z.object({ name: text }),
  },
};

export const tokens: {
  readonly list: ListOperation<Nothing, ApiToken>;
  readonly create: Operation<NewTokenInput, CreatedToken>;
  readonly revoke: Operation<{ readonly id: string }, { readonly id: string }>;
} = {
  list: listOperation<Nothing, ApiToken>({
    path: "/tokens",
    role: "viewer",
    summary: "API tokens, the newest first: one's own, for an admin everybody's",
    input: {},
    item: z
      .object({
        id: text,
        name: text,
        role,
        madeBy: text,
        createdAt: instant,
        expiresAt: instant,
        expired: z.boolean(),
        lastUsedAt: instant.nullable(),
        revokedAt: instant.nullable(),
      })
      .meta({ id: "ApiToken" }),
    page: { normal: 100, most: 1_000 },
  }),
  create: {
    method: "POST",
    path: "/tokens",
    role: "viewer",
    summary: "Make an API token of one's own role or below; it is told this once",
    input: z.strictObject({
      name: z.string().trim().min(1).max(100),
      role,
      days: z.int().min(1).max(366).optional(),
    }),
    answer: z.object({ id: text, token: text, role, expiresAt: instant }),
    status: 201,
  },
  revoke: {
    method: "POST",
    path: "/tokens/{id}/revoke",
    role: "viewer",
    summary: "Revoke a token of one's own, for an admin anybody's",
    input: z.strictObject({ id: name }),
    answer: z.object({ id: text }),
    repeatable: true,
  },
};

export const audit: { readonly list: ListOperation<AuditInput, AuditItem> } = {
  list: listOperation<AuditInput, AuditItem>({
    path: "/audit",
    role: "admin",
    summary: "Who changed what, when and from where, the newest first",
    input: { operation: text.optional(), actor: text.optional() },
    item: z
      .object({
        seq: number,
        at: instant,
        actorKind: z.enum(["machine", "user", "token", "nobody"]),
        actor: text,
        via: z.enum(["cli", "page", "token"]),
        address: z.string().nullable(),
        operation: text,
        target: z.string().nullable(),
        outcome: text,
      })
      .meta({ id: "AuditItem" }),
    page: { normal: 100, most: 1_000 },
    cursor: z.string().regex(/^\d{1,15}$/),
  }),
};
