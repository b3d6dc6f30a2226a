/** The search, opened: finds assets, runs, schedules, pages and actions. Works from what is known, also while the server is away. */
import type { Lineage, Page, RunDetail, Schedule } from "@iroko/core/client";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { address, ApiError } from "../api/get.ts";
import { useResource } from "../api/resource.ts";
import { session, whyNotOperate } from "../api/session.ts";
import { Failure } from "../parts/failure.tsx";
import { runHref } from "../parts/links.ts";
import { go, path } from "../router.ts";
import { entriesOf, type Entry } from "./palette-entries.ts";
import { recents, seenAt } from "./recent.ts";
import { score } from "./score.ts";

const mostShown = 14;
const uuidLike = /^[0-9a-f]{8}(?:-[0-9a-f-]*)?$/i;

export function PaletteDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [chosen, choose] = useState(0);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const here = seenAt(path.value);
  const catalog = useResource<Lineage>(address("/lineage", { whole: true }), { namesOnly: true }).value;
  const schedules = useResource<Page<Schedule>>(address("/schedules"), { namesOnly: true }).value;
  const runId = here?.kind === "run" ? here.name : undefined;
  const run = useResource<RunDetail>(
    runId === undefined ? undefined : address("/runs/{id}", { id: runId }),
    runId === undefined ? {} : { run: runId },
  ).value;
  const who = session.value;
  useEffect(() => dialog.current?.showModal(), []);

  const all = useMemo(
    () =>
      entriesOf({
        here: seenAt(path.peek()),
        run,
        recent: recents(),
        catalog,
        schedules: schedules?.items ?? [],
        signsOut: who !== undefined && who.kind !== "machine",
      }),
    [catalog, schedules, run, who],
  );
  const found = useMemo(() => best(all, text.trim()), [all, text]);
  const at = Math.min(chosen, Math.max(0, found.length - 1));

  const open = async (entry: Entry | undefined): Promise<void> => {
    const { confirm } = entry?.changes ?? {};
    if (entry === undefined || whyNot(entry) !== undefined) return;
    if (confirm !== undefined && !globalThis.confirm(confirm)) return;
    setFailure(undefined);
    try {
      // What it leads to is behind the dialog, or a dialog of its own.
      if (entry.changes === undefined) dialog.current?.close();
      await entry.open();
      dialog.current?.close();
    } catch (error) {
      setFailure(error instanceof ApiError ? error : new ApiError("PAGE_FAILED", String(error), undefined, 0));
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") choose(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") choose(Math.max(at - 1, 0));
    else if (event.key === "Enter") void open(found[at]);
    else return;
    event.preventDefault();
  };

  return (
    <dialog ref={dialog} class="palette" aria-label="Search" onClose={onClose}>
      <input
        aria-label="Search assets, runs, schedules, pages and actions"
        placeholder="An asset, a run’s id, a schedule, a page, an action"
        role="combobox"
        aria-expanded="true"
        aria-controls="found"
        aria-activedescendant={found.length === 0 ? undefined : `found-${at}`}
        value={text}
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          choose(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id="found" role="listbox" aria-label="Found">
        {found.map((entry, row) => (
          // The keyboard stays in the field above, and chooses from there.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={entry.id}
            id={`found-${row}`}
            role="option"
            aria-selected={row === at}
            aria-disabled={whyNot(entry) !== undefined}
            title={whyNot(entry)}
            onClick={() => void open(entry)}
          >
            {entry.name} <span class="faint">{whyNot(entry) ?? entry.kind}</span>
          </div>
        ))}
      </div>
      {found.length === 0 ? <p class="empty">Nothing is called so.</p> : null}
      {failure === undefined ? null : <Failure error={failure} />}
    </dialog>
  );
}

const whyNot = ({ changes }: Entry): string | undefined => (changes === undefined ? undefined : whyNotOperate.value);

/** Those that fit best; where nothing is asked for, those that come first. */
function best(all: readonly Entry[], text: string): readonly Entry[] {
  if (text === "") return all.slice(0, mostShown);
  const typed = uuidLike.test(text) ? [{ id: "typed", name: text, kind: "run", open: () => go(runHref(text)) }] : [];
  const scored = all.flatMap((entry) => {
    const points = score(entry.name, text);
    return points === undefined ? [] : [{ entry, points }];
  });
  return [...typed, ...scored.toSorted((a, b) => a.points - b.points).map(({ entry }) => entry)].slice(0, mostShown);
}
