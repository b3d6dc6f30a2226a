/** Users, tokens and the audit of a server. */
import { api } from "@iroko/core/client";
import type { RemoteServer } from "../remote/find-server.ts";
import { firstOf, nothingToClose } from "../remote/subject.ts";
import type { Access } from "./access.ts";

export function accessThere({ client }: RemoteServer): Access {
  const { users, tokens, audit } = client;
  return {
    ...nothingToClose,
    users: () => Array.fromAsync(users.list()),
    addUser: async (user) => void (await users.add(user)),
    setRole: async (user) => void (await users.setRole(user)),
    setPassword: async (user) => void (await users.setPassword(user)),
    removeUser: async (name) => void (await users.remove({ name })),
    tokens: () => Array.fromAsync(tokens.list()),
    createToken: (token) => tokens.create(token),
    revokeToken: async (id) => void (await tokens.revoke({ id })),
    audit({ limit, before, operation, actor }) {
      const after = before === undefined ? undefined : String(before);
      return firstOf(limit, (limit) => audit.list({ operation, actor, after, limit }), api.audit.list);
    },
  };
}
