import { fieldsOf, isoMillis, writePayload } from "../record.ts";
import { changed, localTime, type DirtKind, type Scene } from "./kind.ts";

const notText = ["1793520862", "true", "{}", '["2026-11-01T08:14:22Z"]'];

export const badTimes: readonly DirtKind[] = [
  ...notText.map((value) => changed(`bad_time: ${value}`, "bad_time", () => ({ event_time: value }))),
  bad("words", () => "yesterday"),
  bad("no zone", (iso) => iso.slice(0, -1)),
  bad("a date alone", (iso) => iso.slice(0, 10)),
  bad("a date with a zone", (iso) => `${iso.slice(0, 10)}Z`),
  bad("no such day", (iso) => iso.replace(/^(.{5}).{5}/, "$102-30")),
  bad("no such month", (iso) => iso.replace(/^(.{5}).{2}/, "$113")),
  bad("no leap year", () => "2026-02-29T08:14:22Z"),
  bad("a space for the T", (iso) => iso.replace("T", " ")),
  bad("a small t", (iso) => iso.replace("T", "t")),
  bad("a small z", (iso) => iso.replace("Z", "z")),
  bad("24:00", (iso) => `${iso.slice(0, 10)}T24:00:00Z`),
  bad("second 60", (iso) => `${iso.slice(0, 17)}60Z`),
  bad("minute 60", (iso) => `${iso.slice(0, 14)}60:00Z`),
  bad("ten digits of fraction", (iso) => `${iso.slice(0, 19)}.1234567890Z`),
  bad("a fraction of no digits", (iso) => `${iso.slice(0, 19)}.Z`),
  bad("an offset of a day", (iso) => `${iso.slice(0, 19)}+24:00`),
  bad("an offset of one digit", (iso) => `${iso.slice(0, 19)}+1`),
  bad("the name of a zone", (iso) => `${iso.slice(0, 19)}+01:00[Africa/Lagos]`),
  bad("a space after it", (iso) => `${iso} `),
  bad("a line end after it", (iso) => `${iso}\n`),
  bad("the basic format", (iso) => iso.replaceAll(/[-:]/g, "")),
  bad("a week date", () => "2026-W45-2T08:14:22Z"),
];

const offsets: readonly (readonly [zone: string, minutes: number])[] = [
  ["+01:00", 60],
  ["-05:00", -300],
  ["+05:30", 330],
  ["+0100", 60],
  ["+01", 60],
  ["-00:00", 0],
  ["+14:00", 840],
  ["-12", -720],
  ["+23:59", 1439],
];

export const oddTimes: readonly DirtKind[] = [
  ...offsets.map(([zone, minutes]) =>
    written(`at ${zone}`, ({ tx }) => localTime(tx.eventMs, minutes, String(tx.eventMs % 1000).padStart(3, "0"), zone)),
  ),
  ...["", "0", "5", "25", "062500", "999999999"].map((digits) =>
    written(`a fraction of "${digits}"`, ({ tx }) => localTime(tx.eventMs, 0, digits, "Z")),
  ),
  written("a comma before the fraction", ({ tx }) => localTime(tx.eventMs, 0, "125", "Z").replace(".", ",")),
  written("no seconds", ({ tx }) => `${localTime(tx.eventMs, 0, "", "").slice(0, 16)}Z`),
  written("midnight, in Lagos time", (s) => localTime(s.dayStartMs, 60, "", "+01:00"), startOf),
  written("midnight, in UTC", (s) => localTime(s.dayStartMs, 0, "000", "Z"), startOf),
  written("midnight, in New York", (s) => localTime(s.dayStartMs, -300, "", "-05:00"), startOf),
  written("midnight, in Mumbai", (s) => localTime(s.dayStartMs, 330, "0", "+05:30"), startOf),
  written(
    "half past midnight, in Lagos time",
    (s) => localTime(s.dayStartMs + 1_800_000, 60, "", "+01:00"),
    (s) => s.dayStartMs + 1_800_000,
  ),
  written("just before midnight, in Lagos time", (s) => localTime(s.dayEndMs - 1000, 60, "999999", "+01:00"), endOf),
  written(
    "less than a microsecond before midnight",
    (s) => localTime(s.dayEndMs - 1000, 60, "999999999", "+01:00"),
    endOf,
  ),
  written("just before midnight, in UTC", (s) => localTime(s.dayEndMs - 1000, 0, "999", "Z"), endOf),
  written("just before midnight, in Mumbai", (s) => localTime(s.dayEndMs - 1000, 330, "5", "+05:30"), endOf),
  written(
    "midnight in UTC",
    (s) => localTime(s.dayStartMs + 3_600_000, 0, "", "Z"),
    (s) => s.dayStartMs + 3_600_000,
  ),
  written(
    "midnight, taken in nine minutes before",
    (s) => localTime(s.dayStartMs, 60, "", "+01:00"),
    (s) => s.dayStartMs - 540_000,
  ),
];

function bad(name: string, write: (iso: string) => string): DirtKind {
  return changed(`bad_time: ${name}`, "bad_time", ({ tx }) => ({
    event_time: JSON.stringify(write(isoMillis(tx.eventMs))),
  }));
}

/** A good time, oddly written; taken in 0.75 s after `happenedMs` if that is not when the scene's transaction happened. */
function written(name: string, write: (scene: Scene) => string, happenedMs?: (scene: Scene) => number): DirtKind {
  return {
    name: `time: ${name}`,
    outcome: "accepted",
    deliveries: (scene) => {
      const fields = { ...fieldsOf(scene.tx), event_time: JSON.stringify(write(scene)) };
      const createdAt = happenedMs ? happenedMs(scene) / 1000 + 0.75 : scene.createdAt;
      return [{ payload: writePayload(fields), createdAt }];
    },
  };
}

function startOf(scene: Scene): number {
  return scene.dayStartMs;
}

function endOf(scene: Scene): number {
  return scene.dayEndMs;
}
