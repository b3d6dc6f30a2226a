/** What the streams of a page have brought, as the browser itself saw it, held against what has happened by the database. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

export interface RecordedStream {
  /** Waits for the last event of all. Then each since the first stream began has come once and in order. */
  isWhole(instance: TestInstance): Promise<void>;
}

/** Called before the page goes to where it reads one. */
export async function recordStream(page: Page): Promise<RecordedStream> {
  const inspector = await page.context().newCDPSession(page);
  const events: string[] = [];
  let begin: string | undefined;
  inspector.on("Network.eventSourceMessageReceived", ({ eventName, eventId, data }) => {
    if (eventId !== "") begin ??= eventId;
    const isEvent = eventName === "message" && (JSON.parse(data) as { readonly type: string }).type === "event";
    if (isEvent) events.push(eventId);
  });
  await inspector.send("Network.enable");
  return {
    async isWhole(instance) {
      await waitFor("a place of the stream", () => Promise.resolve(begin !== undefined), { seconds: 60 });
      const { rows } = await instance.db.query<{ place: string }>(
        "select xid || '.' || id as place from iroko.event where (xid, id) > ($1::xid8, $2) order by event.xid, event.id",
        begin!.split("."),
      );
      const happened = rows.map(({ place }) => place);
      const last = happened.at(-1);
      assert.ok(last !== undefined, "something has happened");
      await waitFor("the last event", () => Promise.resolve(events.includes(last)), { seconds: 60 });
      // What has happened since may have come as well.
      assert.deepEqual(events.slice(0, events.lastIndexOf(last) + 1), happened);
    },
  };
}
