/** What a step printed: read piece by piece, followed while it runs, searched, linked by line. It is text, whatever it holds. */
import type { LogChunk, LogStream, Page } from "@iroko/core/client";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { address, ApiError, getJson } from "../../api/get.ts";
import { counted } from "../../parts/amounts.ts";
import { place, setQuery } from "../../router.ts";
import { linesOf } from "./log-lines.ts";

interface LogProps {
  readonly run: string;
  readonly step: number;
  readonly attempt: number;
  /** Only its lines; they keep their numbers. */
  readonly stream: LogStream | undefined;
  readonly isLive: boolean;
}

const followMs = 1_000;
const piecesAsked = 1_000;
const linesShown = 2_000;
const linesAround = 100;

export function Log({ run, step, attempt, stream: only, isLive }: LogProps): JSX.Element {
  const [chunks, setChunks] = useState<readonly LogChunk[]>([]);
  const [state, setState] = useState<"reading" | "all" | "away">("reading");
  const live = useRef(isLive);
  live.current = isLive;
  const find = place.value.query.get("find") ?? "";
  const box = useRef<HTMLPreElement>(null);
  const sticks = useRef(true);

  useEffect(() => {
    let after: string | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    // One more look after the end: the last words are written with it.
    let wasLive = true;
    const read = async (): Promise<void> => {
      try {
        const { items } = await getJson<Page<LogChunk>>(
          address("/runs/{id}/logs", { id: run, step, attempt, after, limit: piecesAsked }),
        );
        if (gone) return;
        after = items.at(-1)?.cursor ?? after;
        if (items.length > 0) setChunks((known) => [...known, ...items]);
        if (items.length === piecesAsked) return void read();
        const goesOn = live.current || wasLive;
        wasLive = live.current;
        setState(goesOn ? "reading" : "all");
        if (goesOn) timer = setTimeout(() => void read(), followMs);
      } catch (error) {
        if (gone) return;
        setState("away");
        if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500)
          timer = setTimeout(() => void read(), 3 * followMs);
      }
    };
    void read();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [run, step, attempt]);

  const lines = useMemo(() => linesOf(chunks), [chunks]);
  const wanted = find.toLowerCase();
  const numbered = lines.map((line, at) => ({ ...line, at }));
  const found = numbered.filter(
    ({ text, stream }) =>
      (only === undefined || stream === only) && (wanted === "" || text.toLowerCase().includes(wanted)),
  );
  /** The line that the address names is shown, wherever it is; else the last ones. */
  const linked = Number(/^line-(\d+)$/.exec(place.value.hash)?.[1] ?? 0) - 1;
  const linkedAt = linked < 0 ? -1 : found.findIndex(({ at }) => at === linked);
  const last = Math.max(0, found.length - linesShown);
  const from = linkedAt < 0 ? last : Math.min(last, Math.max(0, linkedAt - linesAround));
  const shown = found.slice(from, from + linesShown);

  const isLinked = linkedAt >= 0;
  useEffect(() => {
    if (!isLinked) return;
    sticks.current = false;
    document.querySelector(`#line-${linked + 1}`)?.scrollIntoView({ block: "nearest" });
  }, [linked, isLinked]);
  useEffect(() => {
    if (sticks.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [shown.length]);

  return (
    <>
      <div class="row">
        <label>
          Find{" "}
          <input
            type="search"
            value={find}
            onInput={({ currentTarget }) => setQuery({ find: currentTarget.value })}
            spellcheck={false}
          />
        </label>
        <span class="faint" role="status">
          {found.length === lines.length
            ? counted(lines.length, "line")
            : `${found.length} of ${counted(lines.length, "line")}`}
          {found.length > shown.length ? `, ${from === last ? "the last " : ""}${shown.length} shown` : ""}
          {state === "reading" && isLive ? ", following" : ""}
        </span>
      </div>
      {lines.length === 0 && state === "all" ? (
        <p class="empty">It has printed nothing.</p>
      ) : (
        <pre
          class="log"
          role="log"
          ref={box}
          // A log is scrolled by keys, too.
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          aria-label="Log"
          onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
            (sticks.current = scrollTop + clientHeight >= scrollHeight - 40)
          }
        >
          {shown.map(({ stream, text, at }) => (
            <span
              key={at}
              id={`line-${at + 1}`}
              class={`line ${stream}`}
              aria-current={at === linked ? "location" : undefined}
            >
              <a href={`#line-${at + 1}`} aria-label={`Line ${at + 1}`}>
                {at + 1}
              </a>
              {text}
              {"\n"}
            </span>
          ))}
        </pre>
      )}
    </>
  );
}
