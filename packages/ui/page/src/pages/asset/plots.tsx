/** How an asset's numbers went over its newest partitions: the least, the most and the latest of each, with their keys. */
import type { AssetSeries, Series } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { bytes, count, counted, span } from "../../parts/amounts.ts";
import { linePath } from "./series.ts";

const box = { width: 220, height: 44 };
/** Others come by a press. */
const mostShown = 6;

const told = (value: number, unit: Series["unit"]): string =>
  unit === "bytes" ? bytes(value) : unit === "seconds" ? span(value) : count(value);

const compact = new Intl.NumberFormat("en-GB", { notation: "compact", maximumSignificantDigits: 4 });

/** In as few letters as a small picture has room for. */
const brief = (value: number, unit: Series["unit"]): string =>
  unit === "count" && Math.abs(value) >= 100_000 ? compact.format(value) : told(value, unit);

export function Plots({ asset }: { readonly asset: string }): JSX.Element | null {
  const known = useResource<AssetSeries>(address("/assets/{key}/series", { key: asset }), { asset });
  if (known.value === undefined || known.value.series.length === 0) return null;
  const { series, partitions, first, last } = known.value;
  const more = series.slice(mostShown);
  return (
    <>
      <p class="note">
        {counted(partitions, "partition")}, from <code>{first}</code> to <code>{last}</code>
      </p>
      <div class="plots">
        {series.slice(0, mostShown).map((each) => (
          <Plot key={each.name} of={each} />
        ))}
      </div>
      {more.length === 0 ? null : (
        <details>
          <summary>{counted(more.length, "more number")}</summary>
          <div class="plots">
            {more.map((each) => (
              <Plot key={each.name} of={each} />
            ))}
          </div>
        </details>
      )}
    </>
  );
}

function Plot({ of }: { readonly of: Series }): JSX.Element {
  const { name, unit, least, most, latest, lines, linesLeft } = of;
  const at = ({ value, key }: Series["least"]): string => `${told(value, unit)} at ${key}`;
  return (
    <figure class="panel">
      <figcaption>
        <span title={name}>{name}</span> <strong title={at(latest)}>{brief(latest.value, unit)}</strong>
      </figcaption>
      <svg
        viewBox={`-2 -2 ${box.width + 4} ${box.height + 4}`}
        role="img"
        aria-label={`${name}: least ${at(least)}, most ${at(most)}, latest ${at(latest)}`}
      >
        {lines.map((line) => (
          <path key={line.of} d={linePath(of, line, box)} stroke-linecap="round">
            {line.of === null ? null : <title>{line.of}</title>}
          </path>
        ))}
      </svg>
      <small class="faint">
        <span title={at(least)}>{told(least.value, unit)}</span> to{" "}
        <span title={at(most)}>{told(most.value, unit)}</span>
        {linesLeft === 0 ? "" : `; ${counted(linesLeft, "line")} not drawn`}
      </small>
    </figure>
  );
}
