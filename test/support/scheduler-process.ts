/** A scheduler in a process of its own, to be killed; the time is what the file TEST_CLOCK says. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { evaluateSchedules, openDatabase } from "@iroko/core/engine";

const { TEST_DATABASE_URL: url, TEST_CLOCK: clock } = process.env;
if (!url || !clock) throw new Error("TEST_DATABASE_URL and TEST_CLOCK are wanted");

const db = openDatabase(url);
const now = (): Temporal.Instant => Temporal.Instant.from(readFileSync(clock, "utf8"));
const parent = process.ppid;
// A test that was killed leaves none behind.
while (process.ppid === parent) {
  await evaluateSchedules({ db, now });
  await sleep(10);
}
