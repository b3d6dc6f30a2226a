/** Lets go of old events, a bounded batch a transaction, until only those are left that are young, or told nowhere else. */
import { IrokoError } from "../errors.ts";
import type { Database } from "../instance/database.ts";
import { deleteOldEvents } from "../instance/event-retention.ts";

/** How long events are kept where nobody says otherwise. */
export const defaultEventDays = 180;
const mostDays = 36_500;
const eventsAtOnce = 2_000;

export async function forgetEvents(db: Database, days: number, signal?: AbortSignal): Promise<void> {
  do signal?.throwIfAborted();
  while ((await deleteOldEvents(db, days, eventsAtOnce)) === eventsAtOnce);
}

/**
 * What a variable says.
 *
 * @throws {IrokoError} RETENTION_INVALID
 */
export function readEventDays(text: string | undefined): number {
  if (text === undefined || text === "") return defaultEventDays;
  const days = Number(text);
  if (days >= 1 && days <= mostDays) return days;
  throw new IrokoError(
    "RETENTION_INVALID",
    `IROKO_EVENT_DAYS is ${JSON.stringify(text)}, which is no number of days.`,
    {
      hint: `Give a number from 1 to ${mostDays}, or unset it: ${defaultEventDays}.`,
    },
  );
}
