/** Who asks: what a page may offer depends on it. */
import { z } from "zod";
import { roles, type Operation, type Role } from "./operation.ts";
import { instant, nothing, text, type Nothing } from "./values.ts";

export interface Session {
  readonly name: string;
  readonly role: Role;
  /** `machine`: nobody signs in, for nobody else can reach the server. */
  readonly kind: "machine" | "user" | "token";
  /** The server's clock. */
  readonly now: string;
}

export const session: { readonly get: Operation<Nothing, Session> } = {
  get: {
    method: "GET",
    path: "/session",
    role: "viewer",
    summary: "Who asks, and what role that is",
    input: nothing,
    answer: z.object({ name: text, role: z.enum(roles), kind: z.enum(["machine", "user", "token"]), now: instant }),
  },
};
