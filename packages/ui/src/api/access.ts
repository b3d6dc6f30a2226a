import { api } from "@iroko/core/client";
import {
  addUser,
  createToken,
  listAudit,
  listTokens,
  listUsers,
  mayAct,
  removeUser,
  revokeToken,
  setPassword,
  setRole,
  tokenNotFound,
  type Principal,
} from "@iroko/core/engine";
import { callerOf } from "../auth/caller.ts";
import type { Answer } from "../http/answer.ts";
import { pageOf } from "../http/page-of.ts";
import type { Instance } from "../model/instance.ts";

export function accessApi(answer: Answer, { db }: Instance): void {
  const { users, tokens, audit } = api;

  answer(users.list, (input) =>
    pageOf(users.list, input, {
      read: ({ limit, after }) => listUsers(db, limit, after),
      cursor: ({ name }) => name,
      item: ({ name, role, createdAt, changedAt, lastSeenAt }) => ({ name, role, createdAt, changedAt, lastSeenAt }),
    }),
  );
  answer(users.add, async (user) => {
    await addUser(db, user);
    return { name: user.name, role: user.role };
  });
  answer(users.setRole, async ({ name, role }) => {
    await setRole(db, name, role);
    return { name, role };
  });
  answer(users.setPassword, async ({ name, password }) => {
    await setPassword(db, name, password);
    return { name };
  });
  answer(users.remove, async ({ name }) => {
    await removeUser(db, name);
    return { name };
  });

  answer(tokens.list, (input, c) => {
    const only = onlyOf(callerOf(c).principal);
    return pageOf(tokens.list, input, {
      read: ({ limit, after: before }) =>
        only === "nobody's" ? Promise.resolve([]) : listTokens(db, limit, { before, ...only }),
      cursor: ({ id }) => id,
      item: (token) => token,
    });
  });
  answer(tokens.create, ({ name, role, days }, c) =>
    createToken(db, callerOf(c).principal, { name, role, ...(days === undefined ? {} : { days }) }),
  );
  answer(tokens.revoke, async ({ id }, c) => {
    const { principal } = callerOf(c);
    const only = onlyOf(principal);
    // A token may end itself.
    if (only === "nobody's" && id !== principal.id) throw tokenNotFound(id);
    await revokeToken(db, id, only === "nobody's" ? undefined : only.userId);
    return { id };
  });

  answer(audit.list, ({ operation, actor, ...page }) =>
    pageOf(audit.list, page, {
      read: ({ limit, after }) =>
        listAudit(db, limit, { operation, actor, before: after === undefined ? undefined : Number(after) }),
      cursor: ({ seq }) => seq,
      item: (row) => row,
    }),
  );
}

/** Whose tokens one sees and revokes: an admin everybody's, a user its own, another token nobody's. */
function onlyOf({ kind, role, id }: Principal): { readonly userId?: string | undefined } | "nobody's" {
  if (mayAct(role, "admin")) return {};
  return kind === "user" ? { userId: id } : "nobody's";
}
