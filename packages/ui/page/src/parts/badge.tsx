/** A state by glyph, colour and word: never by colour alone. */
import type { ComponentChildren, JSX } from "preact";

export type Tone = "good" | "bad" | "warn" | "busy" | "calm";

const looks: Readonly<Record<string, readonly [glyph: string, tone: Tone]>> = {
  succeeded: ["✓", "good"],
  made: ["✓", "good"],
  fresh: ["✓", "good"],
  passed: ["✓", "good"],
  requested: ["✓", "good"],
  on: ["✓", "good"],
  ok: ["✓", "good"],
  failed: ["✕", "bad"],
  error: ["✕", "bad"],
  late: ["✕", "bad"],
  running: ["●", "busy"],
  started: ["●", "busy"],
  queued: ["○", "calm"],
  ready: ["○", "calm"],
  blocked: ["◌", "calm"],
  held: ["‖", "warn"],
  deferred: ["‖", "warn"],
  lost: ["✕", "warn"],
  missing: ["◔", "warn"],
  stale: ["◑", "warn"],
  warned: ["!", "warn"],
  warning: ["!", "warn"],
  paused: ["‖", "warn"],
  draining: ["↓", "warn"],
  off: ["–", "calm"],
  skipped: ["–", "calm"],
  canceled: ["⊘", "calm"],
  unknown: ["?", "calm"],
};
const plain = ["·", "calm"] as const;

export const glyphOf = (state: string): string => (looks[state] ?? plain)[0];
export const toneOf = (state: string): Tone => (looks[state] ?? plain)[1];

export function Badge({
  state,
  children,
}: {
  readonly state: string;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <span class={`badge ${toneOf(state)}`}>
      <span aria-hidden="true">{glyphOf(state)}</span> {children ?? state}
    </span>
  );
}
