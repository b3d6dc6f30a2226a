/** Who is reading, and what they may do. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { isAway } from "./connection.ts";

export interface Session {
  readonly name: string;
  readonly role: "viewer" | "operator" | "admin";
  /** undefined where no login is needed. */
  readonly csrf?: string;
  readonly via: "loopback" | "session" | "token";
}

const known = signal<Session | undefined>(undefined);
export const session: ReadonlySignal<Session | undefined> = known;
export const csrfToken: ReadonlySignal<string | undefined> = computed(() => known.value?.csrf);

export function sessionIs(now: Session): void {
  known.value = now;
}

/** Why something cannot be pressed now; undefined: it can. */
export const whyNotOperate: ReadonlySignal<string | undefined> = computed(() =>
  isAway.value
    ? "The server does not answer: nothing can be changed now."
    : known.value?.role === "viewer"
      ? `Needs the role operator; ${known.value.name} is a viewer.`
      : undefined,
);
