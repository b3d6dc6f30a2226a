/** Users, tokens and the audit of a project's own instance. Whoever may run the command is an admin. */
import { api } from "@iroko/core/client";
import {
  addUser,
  createToken,
  listAudit,
  listTokens,
  listUsers,
  removeUser,
  revokeToken,
  setPassword,
  setRole,
} from "@iroko/core/engine";
import { openInstance } from "../instance.ts";
import type { Project } from "../project.ts";
import { allTold, asTold } from "../remote/as-told.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Access } from "./access.ts";
import { auditedHere, principalHere } from "./here.ts";

const all = 10_000;

export async function accessHere(project: Project, terminal: Terminal): Promise<Access> {
  const instance = await openInstance(project, terminal);
  const { db } = instance;
  return {
    users: async () => allTold(api.users.list, await listUsers(db, all)),
    addUser: (user) =>
      auditedHere(db, { operation: "users.add", target: `${user.name} ${user.role}` }, (db) => addUser(db, user)),
    setRole: ({ name, role }) =>
      auditedHere(db, { operation: "users.setRole", target: `${name} ${role}` }, (db) => setRole(db, name, role)),
    setPassword: ({ name, password }) =>
      auditedHere(db, { operation: "users.setPassword", target: name }, (db) => setPassword(db, name, password)),
    removeUser: (name) => auditedHere(db, { operation: "users.remove", target: name }, (db) => removeUser(db, name)),
    tokens: async () => allTold(api.tokens.list, await listTokens(db, all)),
    async createToken({ name, role, days }) {
      const wanted = { name, role, ...(days === undefined ? {} : { days }) };
      const subject = { operation: "tokens.create", target: `${name} ${role}` };
      return asTold(
        api.tokens.create,
        await auditedHere(db, subject, (db) => createToken(db, principalHere(), wanted)),
      );
    },
    revokeToken: (id) => auditedHere(db, { operation: "tokens.revoke", target: id }, (db) => revokeToken(db, id)),
    audit: async ({ limit, ...filter }) => allTold(api.audit.list, await listAudit(db, limit, filter)),
    [Symbol.asyncDispose]: () => instance[Symbol.asyncDispose](),
  };
}
