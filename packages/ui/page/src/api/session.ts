/** Who is reading, and what they may do. */
import type { Session } from "@iroko/core/client";
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { serverSays } from "./clock.ts";
import { isAway } from "./connection.ts";
import { getJson } from "./get.ts";

const known = signal<Session | undefined>(undefined);
export const session: ReadonlySignal<Session | undefined> = known;

export async function askWho(timeoutMs?: number): Promise<void> {
  const answer = await getJson<Session>("/api/v1/session", timeoutMs);
  known.value = answer;
  serverSays(answer.now);
}

/** Why something cannot be pressed now; undefined: it can. */
export const whyNotOperate: ReadonlySignal<string | undefined> = computed(() =>
  isAway.value
    ? "The server does not answer: nothing can be changed now."
    : known.value?.role === "viewer"
      ? `This needs the role operator; ${known.value.name} is a viewer.`
      : undefined,
);
