/** Loads the page anew from the server, once that answers: its document names the files that there are now. */
import { effect } from "@preact/signals";
import { isAway } from "./api/connection.ts";
import { askServer } from "./api/watch-link.ts";

const noteName = "iroko.loaded-anew";
/** A page that comes no better the second time is not loaded for ever. */
const onceInMs = 60_000;

/** @param isWanted asked when the time has come; by then the reader may have gone elsewhere */
export async function loadAnew(isWanted: () => boolean): Promise<void> {
  if (Date.now() - Number(sessionStorage.getItem(noteName)) < onceInMs) return;
  await askServer();
  const stop = effect(() => {
    if (isAway.value) return;
    queueMicrotask(() => stop());
    if (!isWanted()) return;
    sessionStorage.setItem(noteName, String(Date.now()));
    location.reload();
  });
}
