/**
 * What the page knows of the server. Each address is asked once for all who show it; it is shown from memory at once and
 * corrected after. It is asked again when the stream says that it changed, or when the server comes back.
 */
import { effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isAway } from "./connection.ts";
import { ApiError, getJson } from "./get.ts";
import { onChange, type Change } from "./live.ts";

export interface Known<Value> {
  readonly value: Value | undefined;
  readonly error: ApiError | undefined;
  /** When `value` was last heard to be true, ms since the epoch. */
  readonly at: number | undefined;
  readonly isLoading: boolean;
}

interface Entry {
  readonly state: Signal<Known<unknown>>;
  /** One a user. */
  readonly interests: Interest[];
  users: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  asking: boolean;
  again: boolean;
}

const entries = new Map<string, Entry>();
const mostKept = 200;
/** Several changes in a row are one question; a run of a thousand steps is not a thousand. */
const restMs = 700;
const awayRetryMs = 3_000;

function entryOf(href: string): Entry {
  let entry = entries.get(href);
  if (entry === undefined) {
    entry = {
      state: signal<Known<unknown>>({ value: undefined, error: undefined, at: undefined, isLoading: false }),
      interests: [],
      users: 0,
      timer: undefined,
      asking: false,
      again: false,
    };
    entries.set(href, entry);
    forgetOldest();
  }
  return entry;
}

function forgetOldest(): void {
  for (const [href, { users }] of entries) {
    if (entries.size <= mostKept) return;
    if (users === 0) entries.delete(href);
  }
}

async function ask(href: string): Promise<void> {
  const entry = entryOf(href);
  if (entry.asking) return void (entry.again = true);
  entry.asking = true;
  entry.state.value = { ...entry.state.peek(), isLoading: true };
  try {
    const value = await getJson(href);
    entry.state.value = { value, error: undefined, at: Date.now(), isLoading: false };
  } catch (error) {
    const failure = error instanceof ApiError ? error : new ApiError("PAGE_FAILED", String(error), undefined, 0);
    // What is known stays on the page while the server is away.
    const { value, at } = entry.state.peek();
    const isGone = failure.status >= 400 && failure.status < 500;
    entry.state.value = { value: isGone ? undefined : value, error: failure, at, isLoading: false };
    if (failure.status === 0 || failure.status >= 500) later(href, awayRetryMs);
  } finally {
    entry.asking = false;
  }
  if (entry.again) {
    entry.again = false;
    later(href, restMs);
  }
}

function later(href: string, ms: number): void {
  const entry = entries.get(href);
  if (entry === undefined || entry.users === 0 || entry.timer !== undefined) return;
  entry.timer = setTimeout(() => {
    entry.timer = undefined;
    if (entry.users > 0) void ask(href);
  }, ms);
}

onChange((change) => {
  for (const [href, entry] of entries) {
    if (entry.interests.some((interest) => concerns(interest, change))) later(href, restMs);
  }
});

// After a silence nobody knows what was missed.
let wasAway = false;
effect(() => {
  if (wasAway && !isAway.value) for (const href of entries.keys()) later(href, 0);
  wasAway = isAway.value;
});

/** Which changes make it worth asking again: a run's, an asset's; any where neither is named. */
export interface Interest {
  readonly run?: string;
  readonly asset?: string;
}

function concerns({ run, asset }: Interest, change: Change): boolean {
  const isAnything = change.run === undefined && change.asset === undefined;
  if (isAnything || (run === undefined && asset === undefined)) return true;
  return (run !== undefined && change.run === run) || (asset !== undefined && change.asset === asset);
}

/** What the server answers at an address; undefined asks nothing. */
export function useResource<Value>(href: string | undefined, { run, asset }: Interest = {}): Known<Value> {
  useEffect(() => {
    if (href === undefined) return;
    const entry = entryOf(href);
    const interest: Interest = { ...(run === undefined ? {} : { run }), ...(asset === undefined ? {} : { asset }) };
    entry.users += 1;
    entry.interests.push(interest);
    void ask(href);
    return () => {
      entry.users -= 1;
      entry.interests.splice(entry.interests.indexOf(interest), 1);
    };
  }, [href, run, asset]);
  return href === undefined ? nothing : (entryOf(href).state.value as Known<Value>);
}

const nothing: Known<never> = { value: undefined, error: undefined, at: undefined, isLoading: false };

/** Asks again now, after something was done that changes it. */
export function refresh(test: (href: string) => boolean): void {
  for (const href of entries.keys()) if (test(href)) later(href, 0);
}

/** What is known, outside of a component. */
export function peek<Value>(href: string): ReadonlySignal<Known<Value>> {
  return entryOf(href).state as Signal<Known<Value>>;
}
