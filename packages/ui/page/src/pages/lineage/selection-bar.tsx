/** The selection grammar in one line, completed as it is typed; the address keeps it. */
import type { Lineage } from "@iroko/core/client";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { setQuery } from "../../router.ts";
import { completions } from "./completions.ts";

const show = (select: string): void => setQuery({ select, around: null, whole: null, focus: null });

export function SelectionBar({ value }: { readonly value: string }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const [isOpen, setOpen] = useState(false);
  const [isUsed, setUsed] = useState(false);
  const [chosen, choose] = useState(-1);
  useEffect(() => setText(value), [value]);
  // What is shown may be a part; what can be named is all that there is.
  const { value: all } = useResource<Lineage>(isUsed ? address("/lineage", { whole: true }) : undefined, {
    namesOnly: true,
  });
  const offered = useMemo(
    () => (isOpen ? completions(text, all?.keys ?? [], all?.groups ?? []) : []),
    [isOpen, text, all],
  );
  const close = (): void => {
    setOpen(false);
    choose(-1);
  };
  const take = (completed: string): void => {
    setText(completed);
    choose(-1);
    // A word that wants something after it goes on being completed.
    setOpen(/[:( ]$/.test(completed));
    input.current!.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && offered[chosen] !== undefined) take(offered[chosen]);
    else if (event.key === "ArrowDown" && offered.length > 0) choose(Math.min(chosen + 1, offered.length - 1));
    else if (event.key === "ArrowUp" && offered.length > 0) choose(Math.max(chosen - 1, -1));
    else return;
    event.preventDefault();
  };
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        close();
        show(text.trim());
      }}
    >
      <div class="grow completed">
        <label class="grow">
          Select{" "}
          <input
            ref={input}
            class="id"
            role="combobox"
            aria-autocomplete="list"
            aria-expanded={offered.length > 0}
            aria-controls="completions"
            aria-activedescendant={chosen < 0 ? undefined : `completion-${chosen}`}
            value={text}
            placeholder="+daily_revenue, group:marts, status:failed"
            spellcheck={false}
            autocomplete="off"
            onFocus={() => setUsed(true)}
            onBlur={close}
            onInput={({ currentTarget }) => {
              setText(currentTarget.value);
              setOpen(true);
              choose(-1);
            }}
            onKeyDown={onKeyDown}
          />
        </label>
        <div id="completions" role="listbox" aria-label="Completions" hidden={offered.length === 0}>
          {offered.map((each, at) => (
            // The keyboard stays in the field above, and chooses from there. A press takes it before the field loses it.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
            <div
              key={each}
              id={`completion-${at}`}
              class="id"
              role="option"
              aria-selected={at === chosen}
              onPointerDown={(event) => {
                event.preventDefault();
                take(each);
              }}
            >
              {each}
            </div>
          ))}
        </div>
      </div>
      <button>Show</button>
      {value === "" ? null : (
        <button type="button" class="quiet" onClick={() => show("")}>
          Clear
        </button>
      )}
    </form>
  );
}
