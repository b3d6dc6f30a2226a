/** `2026-11-22 02:00 +01:00`: local, and no doubt about UTC. */
export function localTime(instant: Temporal.Instant, timezone: string): string {
  const local = instant.toZonedDateTimeISO(timezone);
  const seconds = local.second === 0 ? "minute" : "second";
  return `${local.toPlainDate().toString()} ${local.toPlainTime().toString({ smallestUnit: seconds })} ${local.offset}`;
}
