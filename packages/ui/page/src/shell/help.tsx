import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { places } from "./places.ts";

const isOpen = signal(false);
export const openHelp = (): void => void (isOpen.value = true);

const others = [
  [["Ctrl K", "/"], "Search assets, runs, schedules and actions"],
  [["j", "k"], "Next and previous row of a list"],
  [["Enter"], "Open the row"],
  [["f"], "Next failure of a run"],
  [["←", "↑", "→", "↓"], "Walk along the lineage, or over partitions"],
  [["Shift + arrows"], "Choose a range of partitions"],
  [["?"], "These keys"],
  [["Esc"], "Close"],
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
      <div class="keys">
        <Keys title="Go to" of={places.map(({ keys, name }) => [keys.split(" "), name] as const)} />
        <Keys title="Anywhere" of={others} />
      </div>
      <form method="dialog">
        <button>Close</button>
      </form>
    </dialog>
  );
}

interface KeysProps {
  readonly title: string;
  readonly of: readonly (readonly [keys: readonly string[], does: string])[];
}

function Keys({ title, of }: KeysProps): JSX.Element {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {of.map(([keys, does]) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
