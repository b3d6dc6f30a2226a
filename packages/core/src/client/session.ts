/** Who asks: what a page may offer depends on it; and what everybody may do about the own account. */
import { z } from "zod";
import { listOperation } from "./list-operation.ts";
import { roles, type ListOperation, type Operation, type Role } from "./operation.ts";
import { instant, nothing, number, password, text, type Nothing } from "./values.ts";

export interface Session {
  readonly name: string;
  readonly role: Role;
  /** `machine`: nobody signs in, for nobody else can reach the server. */
  readonly kind: "machine" | "user" | "token";
  /** The server's clock. */
  readonly now: string;
}

/** A browser that is signed in. */
export interface OpenSession {
  /** Of no use to whoever would enter by it. */
  readonly id: string;
  readonly createdAt: string;
  /** To the minute. */
  readonly lastSeenAt: string;
  /** From where it was opened. */
  readonly address: string;
  /** The one that asks. */
  readonly current: boolean;
}

export interface OwnPassword {
  readonly current: string;
  readonly password: string;
}

export interface EndedSessions {
  /** How many have ended. */
  readonly ended: number;
}

const ended = z.object({ ended: number });

export const session: {
  readonly get: Operation<Nothing, Session>;
  readonly list: ListOperation<Nothing, OpenSession>;
  readonly setPassword: Operation<OwnPassword, EndedSessions>;
  readonly endAll: Operation<Nothing, EndedSessions>;
} = {
  get: {
    method: "GET",
    path: "/session",
    role: "viewer",
    summary: "Who asks, and what role that is",
    input: nothing,
    answer: z.object({ name: text, role: z.enum(roles), kind: z.enum(["machine", "user", "token"]), now: instant }),
  },
  list: listOperation<Nothing, OpenSession>({
    path: "/session/all",
    role: "viewer",
    summary: "Browsers in which one is signed in, the newest first",
    input: {},
    item: z
      .object({ id: text, createdAt: instant, lastSeenAt: instant, address: text, current: z.boolean() })
      .meta({ id: "OpenSession" }),
    page: { normal: 100, most: 1_000 },
  }),
  setPassword: {
    method: "POST",
    path: "/session/password",
    role: "viewer",
    summary: "Change one's own password; one's other sessions end",
    input: z.strictObject({ current: password, password }),
    answer: ended,
  },
  endAll: {
    method: "POST",
    path: "/session/end-all",
    role: "viewer",
    summary: "Sign out everywhere, here too; tokens stay",
    input: nothing,
    answer: ended,
    repeatable: true,
  },
};
