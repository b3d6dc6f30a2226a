/**
 * The stream of differences: what happened since a position, then whatever happens, each event once and in order. A
 * position is `xid.id` of an event: the order in which transactions that have all ended are read. Beside messages there is an
 * event `hello` at the start, and a `beat` each so many seconds: by them a reader knows that its connection is still one.
 */
import { z } from "zod";
import { instanceEvent, type InstanceEvent } from "./events.ts";
import type { Operation } from "./operation.ts";
import { runProgress, type RunProgress } from "./run.ts";
import { name } from "./values.ts";

export interface StreamInput {
  /** Only of this run. */
  readonly run?: string | undefined;
  /** Only of this asset. */
  readonly asset?: string | undefined;
  /** After this position; by default from now on. As the header `Last-Event-ID`, which wins. */
  readonly after?: string | undefined;
}

export type StreamMessage =
  | { readonly type: "event"; readonly event: InstanceEvent }
  /** A run's counts have changed, or are told for the first time. */
  | { readonly type: "progress"; readonly progress: RunProgress }
  /** The position asked for is kept no longer: read the state anew, and go on from here. */
  | { readonly type: "reset" };

/** What `hello` says. */
export interface StreamHello {
  /** A `beat` comes so often. */
  readonly beatSeconds: number;
  /** The build of the page that the server has; null: it has none. */
  readonly page: string | null;
}

export const streamPosition: z.ZodType<string> = z.string().regex(/^\d{1,19}\.\d{1,15}$/);

export const stream: Operation<StreamInput, StreamMessage> & { readonly content: "text/event-stream" } = {
  method: "GET",
  path: "/stream",
  role: "viewer",
  summary: "Events and the progress of runs, as they happen",
  input: z.strictObject({ run: z.uuid().optional(), asset: name.optional(), after: streamPosition.optional() }),
  answer: z.discriminatedUnion("type", [
    z.object({ type: z.literal("event"), event: instanceEvent }),
    z.object({ type: z.literal("progress"), progress: runProgress }),
    z.object({ type: z.literal("reset") }),
  ]),
  content: "text/event-stream",
};
