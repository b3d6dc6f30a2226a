/**
 * What the page knows of the server. Each address is asked once for all who show it; it is shown from memory at once and
 * corrected after. It is asked again when the stream says that it changed, or when the server comes back; while nobody looks
 * at the page, not before somebody does.
 */
import { effect, signal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isAway } from "./connection.ts";
import { ApiError, getJson } from "./get.ts";
import { onChange, type Change } from "./live.ts";
import { askAgainAt, type LastAnswer } from "./pace.ts";

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
  /** When it is to be asked again, by `performance.now()`. */
  wantedAt: number | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  asking: boolean;
  /** Since it was last asked, so that what is answered may be old already. */
  hasChanged: boolean;
  last: LastAnswer | undefined;
}

const entries = new Map<string, Entry>();
const mostKept = 200;
const awayRetryMs = 3_000;

function entryOf(href: string): Entry {
  let entry = entries.get(href);
  if (entry === undefined) {
    entry = {
      state: signal<Known<unknown>>({ value: undefined, error: undefined, at: undefined, isLoading: false }),
      interests: [],
      users: 0,
      wantedAt: undefined,
      timer: undefined,
      asking: false,
      hasChanged: false,
      last: undefined,
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

async function ask(entry: Entry, href: string): Promise<void> {
  if (entry.asking) return;
  clearTimeout(entry.timer);
  entry.wantedAt = undefined;
  entry.hasChanged = false;
  entry.asking = true;
  entry.state.value = { ...entry.state.peek(), isLoading: true };
  const askedAt = performance.now();
  let isUnanswered = false;
  try {
    const value = await getJson(href);
    entry.state.value = { value, error: undefined, at: Date.now(), isLoading: false };
  } catch (error) {
    const failure = error instanceof ApiError ? error : new ApiError("PAGE_FAILED", String(error), undefined, 0);
    // What is known stays on the page while the server is away.
    const { value, at } = entry.state.peek();
    const isGone = failure.status >= 400 && failure.status < 500;
    entry.state.value = { value: isGone ? undefined : value, error: failure, at, isLoading: false };
    isUnanswered = failure.status === 0 || failure.status >= 500;
  }
  const now = performance.now();
  entry.asking = false;
  entry.last = { at: now, tookMs: now - askedAt };
  if (isUnanswered) want(entry, href, now + awayRetryMs);
  else if (entry.hasChanged) want(entry, href, askAgainAt(now, entry.last));
  else schedule(entry, href);
}

/** Asks then, or sooner where it is wanted sooner. */
function want(entry: Entry, href: string, at: number): void {
  entry.wantedAt = Math.min(entry.wantedAt ?? Infinity, at);
  schedule(entry, href);
}

function schedule(entry: Entry, href: string): void {
  clearTimeout(entry.timer);
  if (entry.wantedAt === undefined || entry.asking || entry.users === 0 || document.hidden) return;
  entry.timer = setTimeout(() => void ask(entry, href), entry.wantedAt - performance.now());
}

addEventListener("visibilitychange", () => {
  for (const [href, entry] of entries) schedule(entry, href);
});

onChange((change) => {
  for (const [href, entry] of entries) {
    if (!entry.interests.some((interest) => concerns(interest, change))) continue;
    if (entry.asking) entry.hasChanged = true;
    else want(entry, href, askAgainAt(performance.now(), entry.last));
  }
});

const wantAllNow = (test: (href: string) => boolean): void => {
  for (const [href, entry] of entries) if (test(href) && entry.users > 0) want(entry, href, performance.now());
};

// After a silence nobody knows what was missed.
let wasAway = false;
effect(() => {
  if (wasAway && !isAway.value) wantAllNow(() => true);
  wasAway = isAway.value;
});

/** Which changes make it worth asking again: a run's, an asset's; any where neither is named. */
export interface Interest {
  readonly run?: string;
  readonly asset?: string;
  /** None of a run's or an asset's: it is read for what there is, not for how that stands. */
  readonly namesOnly?: boolean;
}

function concerns({ run, asset, namesOnly }: Interest, change: Change): boolean {
  const isAnything = change.run === undefined && change.asset === undefined;
  if (namesOnly) return isAnything;
  if (isAnything || (run === undefined && asset === undefined)) return true;
  return (run !== undefined && change.run === run) || (asset !== undefined && change.asset === asset);
}

/** What the server answers at an address; undefined asks nothing. */
export function useResource<Value>(
  href: string | undefined,
  { run, asset, namesOnly = false }: Interest = {},
): Known<Value> {
  useEffect(() => {
    if (href === undefined) return;
    const entry = entryOf(href);
    const interest: Interest = {
      namesOnly,
      ...(run === undefined ? {} : { run }),
      ...(asset === undefined ? {} : { asset }),
    };
    entry.users += 1;
    entry.interests.push(interest);
    void ask(entry, href);
    return () => {
      entry.users -= 1;
      entry.interests.splice(entry.interests.indexOf(interest), 1);
      schedule(entry, href);
    };
  }, [href, run, asset, namesOnly]);
  return href === undefined ? nothing : (entryOf(href).state.value as Known<Value>);
}

/** When the oldest answer that is shown was given, ms since the epoch. */
export function oldestShown(): number {
  const shown = [...entries.values()].filter(({ users }) => users > 0);
  return Math.min(...shown.map(({ state }) => state.value.at ?? Infinity));
}

const nothing: Known<never> = { value: undefined, error: undefined, at: undefined, isLoading: false };

/** Asks again now, after something was done that changes it. */
export function refresh(test: (href: string) => boolean): void {
  wantAllNow(test);
}
