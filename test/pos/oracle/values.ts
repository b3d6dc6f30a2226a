const lagosOffset = 3_600_000_000n; // Lagos has kept UTC+1 since long before the first partition

/** The day in Lagos of an instant, in microseconds since 1970. */
export function dayOf(micros: bigint): string {
  return plainDateTime(micros + lagosOffset)
    .toPlainDate()
    .toString();
}

/** 2026-11-01T08:14:22.031000Z */
export function timestampText(micros: bigint): string {
  return `${plainDateTime(micros).toString({ fractionalSecondDigits: 6 })}Z`;
}

/** 389125n → "3891.25" */
export function decimalText(kobo: bigint): string {
  const digits = (kobo < 0n ? -kobo : kobo).toString().padStart(3, "0");
  return `${kobo < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function plainDateTime(micros: bigint): Temporal.PlainDateTime {
  return Temporal.Instant.fromEpochNanoseconds(micros * 1000n)
    .toZonedDateTimeISO("UTC")
    .toPlainDateTime();
}
