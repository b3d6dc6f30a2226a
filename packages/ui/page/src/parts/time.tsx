/** A time in the asset's own zone, with UTC at hand; ages that go on. */
import type { JSX } from "preact";
import { now } from "../api/clock.ts";
import { agoText, span } from "./amounts.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    const parts = {
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    } as const;
    try {
      format = new Intl.DateTimeFormat("sv-SE", { ...parts, timeZone: zone });
    } catch {
      format = new Intl.DateTimeFormat("sv-SE", { ...parts, timeZone: "UTC" }); // a zone this browser does not know
    }
    formats.set(zone, format);
  }
  return format;
}

/** "2026-11-21 06:45:10" */
export const timeText = (at: string, zone: string): string => formatIn(zone).format(new Date(at));

export function Time({ at, zone }: { readonly at: string | null | undefined; readonly zone: string }): JSX.Element {
  if (at == null) return <span class="faint">–</span>;
  const utc = new Date(at).toISOString();
  return (
    <time datetime={utc} title={`${utc} (shown: ${zone})`}>
      {timeText(at, zone)}
    </time>
  );
}

export function Ago({
  at,
  zone = "UTC",
}: {
  readonly at: string | null | undefined;
  readonly zone?: string;
}): JSX.Element {
  if (at == null) return <span class="faint">–</span>;
  const utc = new Date(at).toISOString();
  return (
    <time datetime={utc} title={`${timeText(at, zone)} (${zone}) · ${utc}`}>
      {agoText(at, now.value)}
    </time>
  );
}

/** How long something took, or has taken until now. */
export function Took({ from, to }: { readonly from: string | null; readonly to: string | null }): JSX.Element {
  if (from === null) return <span class="faint">–</span>;
  const end = to === null ? now.value : new Date(to).getTime();
  return <span class="number">{span((end - new Date(from).getTime()) / 1000)}</span>;
}
