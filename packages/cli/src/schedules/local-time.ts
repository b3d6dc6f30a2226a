/** `2026-11-22 02:00 +01:00`, of an instant's text: local, and no doubt about UTC. */
export function localTime(instant: string, timezone: string): string {
  const local = Temporal.Instant.from(instant).toZonedDateTimeISO(timezone);
  const seconds = local.second === 0 ? "minute" : "second";
  return `${local.toPlainDate().toString()} ${local.toPlainTime().toString({ smallestUnit: seconds })} ${local.offset}`;
}
