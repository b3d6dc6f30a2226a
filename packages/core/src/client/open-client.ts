/** A client with the contract's shape: `client.runs.get({ id })`. It holds no state; open as many as you like. */
import { api } from "./api.ts";
import { follow, type FollowedMessage, type FollowOptions } from "./follow.ts";
import type { ListOperation, Operation, Page, PageInput } from "./operation.ts";
import { send, type Connection } from "./send.ts";
import type { StreamInput } from "./stream.ts";

export interface ClientOptions {
  /** Where the server is: http://127.0.0.1:3939. */
  readonly url: string;
  /** An API token, where the server asks for one. */
  readonly token?: string;
  /** Instead of the platform's. */
  readonly fetch?: typeof fetch;
  /** How long one try may take: 30 s. What may be repeated is tried five times. */
  readonly timeoutMs?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** A page when awaited; all items of all pages, as they are needed, when iterated. */
export type Listing<Item> = Promise<Page<Item>> & AsyncIterable<Item>;

/** Input is left out where none is needed. */
type Args<Input> =
  Record<string, never> extends Input ? [input?: Input, options?: CallOptions] : [input: Input, options?: CallOptions];

export type Method<Of> =
  Of extends ListOperation<infer Input, infer Item>
    ? (...args: Args<Input & PageInput>) => Listing<Item>
    : Of extends Operation<infer Input, infer Answer>
      ? (...args: Args<Input>) => Promise<Answer>
      : never;

type Resources = typeof api;

export type Client = {
  readonly [Resource in keyof Resources]: {
    readonly [Verb in keyof Resources[Resource]]: Method<Resources[Resource][Verb]>;
  };
} & {
  /** What happens, from `after` or from now on, over any number of connections: until the loop is left or `signal` says so. */
  events(input?: StreamInput, options?: FollowOptions): AsyncIterable<FollowedMessage>;
};

/** Opens nothing: the first call does. */
export function openClient({ url, token, fetch: given, timeoutMs = 30_000 }: ClientOptions): Client {
  const connection: Connection = { url, token, fetch: given ?? globalThis.fetch, timeoutMs };
  const resources = Object.fromEntries(
    Object.entries(api).map(([resource, operations]) => [
      resource,
      Object.fromEntries(
        Object.entries(operations as Record<string, Operation>).map(([verb, operation]) => [
          verb,
          methodOf(connection, operation),
        ]),
      ),
    ]),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made of the same contract as the type
  return {
    ...resources,
    events: (input: StreamInput = {}, options?: FollowOptions) => follow(connection, input, options),
  } as unknown as Client;
}

function methodOf(connection: Connection, operation: Operation): unknown {
  const call = (input: unknown = {}, { signal }: CallOptions = {}): Promise<unknown> =>
    send(connection, operation, input, signal);
  if (operation.page === undefined) return call;
  return (input: PageInput = {}, options?: CallOptions) =>
    listing(input, (of) => call(of, options) as Promise<Page<unknown>>);
}

function listing<Item>(input: PageInput, read: (input: PageInput) => Promise<Page<Item>>): Listing<Item> {
  const first = read(input);
  return Object.assign(first, {
    async *[Symbol.asyncIterator]() {
      for (let page = await first; ; page = await read({ ...input, after: page.cursor })) {
        yield* page.items;
        if (page.cursor === null) return;
      }
    },
  });
}
