/** Times in a zone, with UTC beside on hover; spans in few letters. */
import { html, type Html } from "./html.ts";

/** "2026-11-21 06:45:10" in the zone; hovering shows UTC. */
export function time(instant: Temporal.Instant | null | undefined, timezone: string): Html {
  if (instant == null) return html`<span class="faint">–</span>`;
  const local = instant.toZonedDateTimeISO(timezone);
  const text = `${local.toPlainDate().toString()} ${local.toPlainTime().toString({ smallestUnit: "second" })}`;
  const utc = instant.toString({ smallestUnit: "millisecond" });
  return html`<time datetime="${utc}" title="${utc} (shown: ${timezone})">${text}</time>`;
}

/** "3 minutes ago" or "in 2 h", whole units. */
export function away(instant: Temporal.Instant, now: Temporal.Instant): string {
  const seconds = instant.until(now).total("seconds");
  const text = spanText(Math.abs(seconds), 1);
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

/** How long something took, or has taken until now. */
export function took(
  start: Temporal.Instant | null,
  end: Temporal.Instant | null,
  now: Temporal.Instant,
): Html | string {
  return start === null ? html`<span class="faint">–</span>` : spanText(start.until(end ?? now).total("seconds"), 2);
}

const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** "1 h 12 min"; below ten seconds with a decimal. */
export function spanText(seconds: number, parts: number): string {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  let rest = Math.round(seconds);
  const said: string[] = [];
  for (const [name, size] of units) {
    if (said.length === parts || (rest < size && said.length === 0)) continue;
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) said.push(`${count} ${name}`);
    else break;
  }
  return said.join(" ");
}
