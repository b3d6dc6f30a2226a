import { api } from "@iroko/core/client";
import { beginAttempt, changeOwnPassword, endOwnSessions, ownSessions, requireUser } from "@iroko/core/engine";
import { untold } from "../auth/audit-changes.ts";
import { callerOf } from "../auth/caller.ts";
import type { Answer } from "../http/answer.ts";
import { pageOf } from "../http/page-of.ts";
import { sliceAfter } from "../http/slice-after.ts";
import type { Instance } from "../model/instance.ts";

export function sessionApi(answer: Answer, { db, now }: Instance): void {
  const { get, list, setPassword, endAll } = api.session;

  answer(get, (_, c) => {
    const { name, role, kind } = callerOf(c).principal;
    return Promise.resolve({ name, role, kind, now: now() });
  });

  answer(list, async (input, c) => {
    const { principal, session } = callerOf(c);
    // Who has no account is signed in nowhere.
    const all = principal.user === undefined ? [] : await ownSessions(db, principal.user, session);
    return pageOf(list, input, {
      read: async (page) => sliceAfter(all, ({ id }) => id, page),
      cursor: ({ id }) => id,
      item: (row) => row,
    });
  });

  answer(setPassword, async ({ current, password }, c) => {
    const { principal, actor, session } = callerOf(c);
    const { name } = requireUser(principal);
    const attempt = await untold(() => beginAttempt(db, name, actor.address ?? "unknown"));
    const change = { current, password, ...(session === undefined ? {} : { session }) };
    return { ended: await changeOwnPassword(db, change, attempt) };
  });

  answer(endAll, async (_, c) => ({ ended: await endOwnSessions(db, requireUser(callerOf(c).principal)) }));
}
