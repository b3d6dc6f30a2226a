/**
 * Follows the stream, over any number of connections: each goes on after the last position that the one before has told.
 * An event is given once and in order, whatever becomes of links and servers.
 */
import { IrokoError } from "../errors.ts";
import { errorIn, invalid, pause, pauseMs, requestFor, unreachable, type Connection } from "./send.ts";
import { stream, type StreamInput, type StreamMessage } from "./stream.ts";

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told before each try to connect again; throws to give up. By default it tries for ever. */
  readonly onLost?: ((error: unknown, tries: number) => void) | undefined;
}

/** A message, and where to go on after it: another call's `after`. */
export type FollowedMessage = StreamMessage & { readonly position: string };

/** A live server sends a beat at least every 15 seconds. */
const silenceMs = 45_000;

/** @throws {IrokoError} the server's own, but not for being away or full: then it waits */
export async function* follow(
  connection: Connection,
  input: StreamInput,
  { signal, onLost }: FollowOptions = {},
): AsyncGenerator<FollowedMessage, void, void> {
  let position = input.after;
  for (let tries = 0; ; tries += 1) {
    let lost: unknown;
    try {
      for await (const { id, data } of messagesOf(connection, { ...input, after: position }, signal)) {
        tries = 0;
        if (id !== undefined) position = id;
        if (data !== undefined) yield { ...read(connection, data), position: position ?? "0.0" };
      }
      lost = new Error("the server has ended the stream");
    } catch (error) {
      if (signal?.aborted === true) return;
      if (error instanceof IrokoError && !mayPass.has(error.code)) throw error;
      lost = error;
    }
    onLost?.(lost, tries);
    try {
      await pause(pauseMs(tries), signal);
    } catch {
      return;
    }
  }
}

const mayPass: ReadonlySet<string> = new Set([
  "SERVER_UNREACHABLE",
  "TOO_MANY_STREAMS",
  "DATABASE_UNREACHABLE",
  "QUERY_TIMEOUT",
  "INTERNAL",
]);

function read(connection: Connection, data: string): StreamMessage {
  const message = stream.answer.safeParse(JSON.parse(data));
  if (message.success) return message.data;
  throw invalid(connection, `a message of the stream: ${message.error.issues[0]?.message ?? ""}`);
}

interface ServerSent {
  readonly id?: string;
  readonly data?: string;
}

/** One connection's messages. */
async function* messagesOf(
  connection: Connection,
  input: StreamInput,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerSent, void, void> {
  const { url, init } = requestFor(connection, stream, input);
  const headers = new Headers(init.headers);
  headers.set("accept", stream.content);
  const silence = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error("nothing was heard of it")), silenceMs);
  };
  heard();
  try {
    const answer = await connection
      .fetch(url, {
        ...init,
        headers,
        signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
      })
      .catch((error: unknown) => {
        throw unreachable(connection, error);
      });
    if (!answer.ok) throw await errorIn(connection, answer);
    let rest = "";
    for await (const text of (answer.body ?? emptyBody()).pipeThrough(new TextDecoderStream())) {
      heard();
      // Ours are separated by one empty line, with \n.
      const blocks = (rest + text).split("\n\n");
      rest = blocks.pop() ?? "";
      yield* blocks.map(messageOf);
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** What has a name is said to the connection's keeper, and is no message; its id counts. */
function messageOf(block: string): ServerSent {
  const fields = new Map(
    block.split("\n").map((line) => {
      const [, name, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
      return [name!, value ?? ""];
    }),
  );
  const [id, data] = [fields.get("id"), fields.has("event") ? undefined : fields.get("data")];
  return { ...(id === undefined ? {} : { id }), ...(data === undefined ? {} : { data }) };
}

const emptyBody = (): ReadableStream<Uint8Array<ArrayBuffer>> => new ReadableStream({ start: (body) => body.close() });
