import { fieldsOf, isoMillis, writePayload } from "../record.ts";
import type { DirtKind, Outcome, Scene } from "./kind.ts";

export const clocks: readonly DirtKind[] = [
  at("exactly ten minutes ahead", "accepted", whole, (scene) => second(scene) - 600),
  at(
    "ten minutes and less than a microsecond",
    "accepted",
    (s) => fraction(s, "000000999"),
    (s) => second(s) - 600,
  ),
  at(
    "ten minutes and a microsecond",
    "clock_ahead",
    (s) => fraction(s, "000001"),
    (s) => second(s) - 600,
  ),
  at("a quarter of an hour", "clock_ahead", whole, (scene) => second(scene) - 900),
  at(
    "a year",
    "clock_ahead",
    (s) => whole(s).replace(/^\d{4}/, (year) => String(Number(year) + 1)),
    (s) => s.createdAt,
  ),
  at(
    "the year 9999",
    "clock_ahead",
    () => "9999-12-31T23:59:59-12:00",
    ({ createdAt }) => createdAt,
  ),
  at("only the edge's clock is dead", "clock_ahead", whole, () => 86.5),
  at(
    "a millisecond before the first day",
    "before_start",
    (s) => isoMillis(s.firstDayStartMs - 1),
    (s) => s.createdAt,
  ),
  at(
    "1970",
    "before_start",
    () => "1970-01-01T00:00:07.5Z",
    ({ createdAt }) => createdAt,
  ),
  at(
    "1970, on the edge too",
    "before_start",
    () => "1970-01-01T00:00:07.5Z",
    () => 8.25,
  ),
  at(
    "the year 0",
    "before_start",
    () => "0000-02-29T00:00:00Z",
    ({ createdAt }) => createdAt,
  ),
  at(
    "1999 in Lagos",
    "before_start",
    () => "1999-12-31T23:59:59+01:00",
    ({ createdAt }) => createdAt,
  ),
];

function at(
  name: string,
  outcome: Outcome,
  eventTime: (scene: Scene) => string,
  createdAt: (scene: Scene) => number,
): DirtKind {
  return {
    name: `${outcome === "accepted" ? "clock" : outcome}: ${name}`,
    outcome,
    deliveries: (scene) => [
      {
        payload: writePayload({ ...fieldsOf(scene.tx), event_time: `"${eventTime(scene)}"` }),
        createdAt: createdAt(scene),
      },
    ],
  };
}

/** The transaction's time without its fraction, in seconds: whole numbers of seconds are exact in a REAL. */
function second({ tx }: Scene): number {
  return Math.floor(tx.eventMs / 1000);
}

function whole(scene: Scene): string {
  return `${isoMillis(second(scene) * 1000).slice(0, 19)}Z`;
}

function fraction(scene: Scene, digits: string): string {
  return whole(scene).replace("Z", `.${digits}Z`);
}
