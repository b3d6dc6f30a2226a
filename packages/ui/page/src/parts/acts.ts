/** What the page changes, from wherever it is asked to; what is shown of it is asked for again. */
import type { Schedule } from "@iroko/core/client";
import { address, post } from "../api/get.ts";
import { refresh } from "../api/resource.ts";
import { go } from "../router.ts";
import { runHref } from "./links.ts";

export async function cancelRun(id: string): Promise<void> {
  await post(address("/runs/{id}/cancel", { id }), { reason: "canceled on the page" });
  refresh((href) => href.includes(id));
}

/** What of it: by default whatever did not succeed. Leads to the new run. */
export async function repeatRun(id: string, what: object = {}): Promise<void> {
  const { run } = await post<{ readonly run: string }>(address("/runs/{id}/retry", { id }), what);
  go(runHref(run));
}

export async function pauseSchedule({ location, key }: Schedule, isPaused: boolean): Promise<void> {
  await post(address(`/schedules/{location}/{key}/${isPaused ? "pause" : "resume"}`, { location, key }));
  refresh((href) => href.startsWith("/api/v1/schedules"));
}
