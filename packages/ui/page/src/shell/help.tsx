import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { places } from "./places.ts";

const isOpen = signal(false);
export const openHelp = (): void => void (isOpen.value = true);

const others = [
  ["Ctrl K or /", "search: assets, runs, schedules, actions"],
  ["j, k", "next and last row of a list"],
  ["Enter", "open the row"],
  ["f", "next failure of a run"],
  ["← ↑ → ↓", "walk along the lineage"],
  ["?", "these keys"],
  ["Esc", "close"],
] as const;

export function Help(): JSX.Element | null {
  const dialog = useRef<HTMLDialogElement>(null);
  const isShown = isOpen.value;
  useEffect(() => {
    if (isShown) dialog.current?.showModal();
  }, [isShown]);
  if (!isShown) return null;
  return (
    <dialog ref={dialog} onClose={() => (isOpen.value = false)} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {[...places.map(({ keys, name }) => [keys, name] as const), ...others].map(([keys, does]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button>Close</button>
      </form>
    </dialog>
  );
}
