/** An asset's steps over the run's time: those of one state from when the first of them began to when the last ended. */
import type { RunGroup } from "@iroko/core/client";
import { counted, span } from "../../parts/amounts.ts";
import type { Bar } from "./step-bars.ts";

type State = RunGroup["states"][number];

const waiting = ["ready", "blocked", "held"];
const isAre = (steps: number): string => (steps === 1 ? "is" : "are");

/** @param shown from when to when, in ms; what runs or waits still does so until its end */
export function barsOfState(
  { status, steps, startedAt, endedAt }: State,
  shown: { readonly from: number; readonly to: number },
): readonly Bar[] {
  const all = shown.to - shown.from;
  if (all <= 0) return [];
  const percent = (at: number): number => Math.min(100, Math.max(0, ((at - shown.from) / all) * 100));
  const bar = (state: string, from: number, to: number, says: string): Bar => ({
    state,
    left: percent(from),
    width: percent(to) - percent(from),
    says,
  });
  const after = (at: number): string => span(Math.max(0, at - shown.from) / 1000);
  const many = counted(steps, "step");
  // None of them has begun, however long ago the run did.
  if (waiting.includes(status)) return [bar("wait", shown.from, shown.to, `${many} ${isAre(steps)} ${status}`)];
  const start = startedAt === null ? undefined : new Date(startedAt).getTime();
  if (start === undefined) return [];
  const isRunning = status === "running";
  const end = isRunning || endedAt === null ? shown.to : new Date(endedAt).getTime();
  const when = isRunning ? `since ${after(start)}` : `from ${after(start)} to ${after(end)}`;
  return [bar(status, start, end, `${many} ${status}, ${when} after the run began`)];
}
