/** How an asset's numbers went over its last partitions. */
import type { AssetPartition } from "@iroko/core/client";
import type { JSX } from "preact";
import { bytes, count, span } from "../../parts/amounts.ts";
import { linePath, seriesOf, type Series } from "./series.ts";

const width = 220;
const height = 44;
const mostShown = 6;

const told = (value: number, unit: Series["unit"]): string =>
  unit === "bytes" ? bytes(value) : unit === "seconds" ? span(value) : count(value);

export function Plots({ partitions }: { readonly partitions: readonly AssetPartition[] }): JSX.Element | null {
  const series = seriesOf(partitions).slice(0, mostShown);
  if (series.length === 0) return null;
  return (
    <div class="plots">
      {series.map(({ name, unit, values }) => {
        const known = values.filter((value) => value !== undefined);
        const [least, most] = [Math.min(...known), Math.max(...known)];
        return (
          <figure key={name} class="panel">
            <figcaption>
              <span title={name}>{name}</span> <strong>{told(known.at(-1)!, unit)}</strong>
            </figcaption>
            <svg
              viewBox={`-2 -2 ${width + 4} ${height + 4}`}
              role="img"
              aria-label={`${name} from ${told(least, unit)} to ${told(most, unit)}, now ${told(known.at(-1)!, unit)}`}
            >
              <path d={linePath(values, width, height)} />
            </svg>
            <small class="faint">
              {told(least, unit)} to {told(most, unit)}
            </small>
          </figure>
        );
      })}
    </div>
  );
}
