import { api } from "@iroko/core/client";
import { callerOf } from "../auth/caller.ts";
import type { Answer } from "../http/answer.ts";
import type { Instance } from "../model/instance.ts";

export function sessionApi(answer: Answer, { now }: Instance): void {
  answer(api.session.get, (_, c) => {
    const { name, role, kind } = callerOf(c).principal;
    return Promise.resolve({ name, role, kind, now: now() });
  });
}
