import type { RunDetail } from "@iroko/core/client";
import { now } from "../../api/clock.ts";

/** From when to when a run is drawn, in ms: until now while it goes on. */
export function timeOf({ startedAt, createdAt, endedAt }: RunDetail): { readonly from: number; readonly to: number } {
  return {
    from: new Date(startedAt ?? createdAt).getTime(),
    to: endedAt === null ? now.value : new Date(endedAt).getTime(),
  };
}
