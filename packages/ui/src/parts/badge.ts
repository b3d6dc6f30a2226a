/** A state by glyph, colour and word: never by colour alone. */
import type { RunStatus, StepStatus } from "@iroko/core";
import type { Health } from "../model/asset-status.ts";
import { html, type Html } from "./html.ts";

type State = RunStatus | StepStatus | Health | "paused" | "on" | "off" | "requested" | "started" | "passed" | "warned";

const looks: Readonly<Record<State, readonly [glyph: string, tone: "good" | "bad" | "busy" | "warn" | "calm"]>> = {
  succeeded: ["✓", "good"],
  made: ["✓", "good"],
  passed: ["✓", "good"],
  requested: ["✓", "good"],
  on: ["✓", "good"],
  failed: ["✕", "bad"],
  running: ["●", "busy"],
  started: ["●", "busy"],
  queued: ["○", "calm"],
  ready: ["○", "calm"],
  blocked: ["◌", "calm"],
  missing: ["◔", "warn"],
  warned: ["!", "warn"],
  paused: ["‖", "warn"],
  off: ["–", "calm"],
  skipped: ["–", "calm"],
  canceled: ["⊘", "calm"],
  unknown: ["?", "calm"],
};

export function badge(state: State, words: string = state): Html {
  const [glyph, tone] = looks[state];
  return html`<span class="badge ${tone}"><span aria-hidden="true">${glyph}</span> ${words}</span>`;
}

export const glyphOf = (state: State): string => looks[state][0];
export const toneOf = (state: State): string => looks[state][1];
