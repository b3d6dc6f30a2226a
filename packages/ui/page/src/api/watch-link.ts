/**
 * A link that is cut says nothing by itself. Where nothing was heard for a while and somebody looks, the server is asked for
 * the least that there is, which also finds out when it is back.
 */
import { effect } from "@preact/signals";
import { silentSeconds } from "./connection.ts";
import { askWho } from "./session.ts";

const quietSeconds = 20;
const patienceMs = 10_000;
const againMs = 5_000;

let asking: Promise<void> | undefined;
let askedAt = 0;

export function watchLink(): void {
  // The clock behind it stands still while nobody looks.
  effect(() => {
    if (silentSeconds.value >= quietSeconds && Date.now() - askedAt >= againMs) void askServer();
  });
  // Not the answer: a server on this machine is there without a network.
  for (const change of ["online", "offline"]) addEventListener(change, () => void askServer());
}

/** Finds out whether it is there. */
export async function askServer(): Promise<void> {
  if (document.hidden) return;
  askedAt = Date.now();
  // The banner says what comes of it.
  asking ??= askWho(patienceMs)
    .catch(() => {})
    .finally(() => (asking = undefined));
  await asking;
}
