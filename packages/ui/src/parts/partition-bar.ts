/** A time asset's partitions as one bar, from the first to the last that exists: ranges drawn, never counted out. */
import type { PartitionSet } from "@iroko/core";
import type { AssetStatus } from "../model/asset-status.ts";
import { html, type Html } from "./html.ts";

const width = 1000;

export function partitionBar({ exists, made, failed, running, sentence }: AssetStatus): Html | "" {
  const span = spanOf(exists);
  if (span === undefined) return "";
  const [from, until] = span;
  const x = (instant: Temporal.Instant): number =>
    Math.min(1, Math.max(0, (instant.epochMilliseconds - from) / (until - from))) * width;
  const draw = (set: PartitionSet, tone: string): Html[] =>
    set.kind !== "time"
      ? []
      : set.windows.map(({ start, end }) => {
          const left = x(start);
          // A day in a decade is still to be seen.
          return html`<rect
            class="${tone}"
            x="${left.toFixed(2)}"
            y="0"
            height="14"
            width="${Math.max(1.5, x(end) - left).toFixed(2)}"
          />`;
        });
  return html`<svg class="bar" viewBox="0 0 ${width} 14" preserveAspectRatio="none" role="img" aria-label="${sentence}">
    ${draw(made, "good")} ${draw(running, "busy")} ${draw(failed, "bad")}
  </svg>`;
}

function spanOf(set: PartitionSet): readonly [number, number] | undefined {
  if (set.kind !== "time") return undefined;
  const [first, last] = [set.windows[0], set.windows.at(-1)];
  return first && last && [first.start.epochMilliseconds, last.end.epochMilliseconds];
}
