/**
 * The stream, as server-sent events. A reader that is too slow is cut off, and goes on from its last place when it comes back.
 * It begins with what a reader has to know to notice that it has died: how often something comes, and which page is served.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import { IrokoError } from "@iroko/core";
import { stream, streamPosition, type StreamHello, type StreamMessage } from "@iroko/core/client";
import type { EventCursor } from "@iroko/core/engine";
import type { Context } from "hono";
import { callerOf } from "../auth/caller.ts";
import type { AnswerStream, Sendable } from "../http/answer.ts";
import { pageBuild } from "../http/page-files.ts";
import { findAsset } from "../model/catalog.ts";
import { openFeed, type FeedOptions } from "../model/feed.ts";
import type { Instance } from "../model/instance.ts";
import { findRun } from "../model/run-view.ts";

export interface StreamOptions extends FeedOptions {
  /** Open at once, of one caller and in all. */
  readonly mostOfOne?: number;
  readonly most?: number;
  /** How far behind a reader may be. */
  readonly mostBytesBehind?: number;
}

/** How long a reader that is given what it has missed may take over as much as is on its way. */
const patienceMs = 30_000;

export function streamApi(
  answer: AnswerStream,
  { db, catalog }: Instance,
  { mostOfOne = 20, most = 200, mostBytesBehind = 1_000_000, ...options }: StreamOptions = {},
): void {
  const { heartbeatMs = 15_000 } = options;
  const feed = openFeed(db, catalog, { ...options, heartbeatMs });
  const open = new Map<string, number>();
  let all = 0;

  answer(stream, async ({ run, asset, after }, c) => {
    if (run !== undefined) await findRun(db, run);
    if (asset !== undefined) findAsset(await catalog(), asset);
    const place = placeOf(c.req.header("last-event-id") ?? after);
    const caller = JSON.stringify(callerOf(c).actor);
    const ofOne = open.get(caller) ?? 0;
    if (ofOne >= mostOfOne || all >= most) throw tooMany(ofOne >= mostOfOne ? mostOfOne : most);
    open.set(caller, ofOne + 1);
    all += 1;
    const hello: StreamHello = { beatSeconds: heartbeatMs / 1_000, page: pageBuild() ?? null };
    return sending(hello, mostBytesBehind, cutter(c), (send, drained) => {
      const leave = feed.follow({ of: { run, asset }, after: place, send, drained });
      return () => {
        leave();
        all -= 1;
        const left = open.get(caller)! - 1;
        if (left === 0) open.delete(caller);
        else open.set(caller, left);
      };
    });
  });
}

type Send = (place: EventCursor | undefined, message?: Sendable<StreamMessage>) => void;

/** A body that is written as there is something to tell, until its reader has gone or is too far behind. */
function sending(
  hello: StreamHello,
  mostBytesBehind: number,
  cut: () => void,
  begin: (send: Send, drained: () => Promise<void>) => () => void,
): ReadableStream<Uint8Array> {
  let wanted = Promise.withResolvers<void>();
  let leave: (() => void) | undefined;
  let isOver = false;
  const over = (): void => {
    isOver = true;
    leave?.();
    leave = undefined;
    wanted.resolve();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const isFull = (): boolean => (controller.desiredSize ?? 0) <= 0;
        const give = (text: string): void => {
          if (isOver) return;
          // However long it is, one message more is taken by a reader that keeps up.
          if ((controller.desiredSize ?? 0) > -mostBytesBehind) return controller.enqueue(encoder.encode(text));
          over();
          cut();
        };
        const drained = async (): Promise<void> => {
          if (isOver || !isFull()) return;
          wanted = Promise.withResolvers();
          const late = new AbortController();
          const isLate = await Promise.race([
            wanted.promise.then(() => false),
            wait(patienceMs, true, { signal: late.signal }).catch(() => false),
          ]);
          late.abort();
          if (isLate) {
            over();
            cut();
          }
        };
        give(`retry: 1000\nevent: hello\ndata: ${JSON.stringify(hello)}\n\n`);
        let told: EventCursor | undefined;
        const send: Send = (place, message) => {
          give(blockOf(place === told ? undefined : place, message));
          told = place ?? told;
        };
        leave = begin(send, drained);
        if (isOver) over();
      },
      pull: () => wanted.resolve(),
      cancel: over,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }),
  );
}

const encoder = new TextEncoder();

/** Without a message it is a beat. One that is a comment no browser would show to its page. */
function blockOf(place: EventCursor | undefined, message: Sendable<StreamMessage> | undefined): string {
  const id = place === undefined ? "" : `id: ${place.xid}.${place.id}\n`;
  return message === undefined ? `${id}event: beat\ndata\n\n` : `${id}data: ${JSON.stringify(message)}\n\n`;
}

/** What is on its way to a reader that does not read stays there until its connection ends. */
function cutter(c: Context): () => void {
  const { outgoing } = c.env as Partial<HttpBindings>;
  return () => outgoing?.destroy();
}

function placeOf(text: string | undefined): EventCursor | undefined {
  if (text === undefined) return undefined;
  const [xid, id] = streamPosition.safeParse(text).data?.split(".") ?? [];
  if (xid !== undefined) return { xid, id: Number(id) };
  throw new IrokoError("REQUEST_INVALID", `${JSON.stringify(text)} is no position of the stream.`, {
    hint: "Give the id of the last message that you have, as it was.",
  });
}

function tooMany(most: number): IrokoError {
  return new IrokoError("TOO_MANY_STREAMS", `There are ${most} streams open, which is as many as there may be.`, {
    hint: "Close pages that nobody looks at, or try again in a while.",
    details: { retryAfterSeconds: 5 },
  });
}
