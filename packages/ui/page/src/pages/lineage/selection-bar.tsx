/** The selection grammar in one line, completed as it is typed; the address keeps it. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../../router.ts";
import { completions } from "./completions.ts";

interface SelectionBarProps {
  readonly value: string;
  readonly names: readonly string[];
  readonly groups: readonly string[];
}

export function SelectionBar({ value, names, groups }: SelectionBarProps): JSX.Element {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        setQuery({ select: text.trim(), around: null, focus: null });
      }}
    >
      <label class="grow">
        Select{" "}
        <input
          class="id"
          list="completions"
          value={text}
          placeholder="+daily_revenue, group:marts, status:failed"
          spellcheck={false}
          autocomplete="off"
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <datalist id="completions">
        {completions(text, names, groups).map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <button>Show</button>
      {value === "" ? null : (
        <button type="button" class="quiet" onClick={() => setQuery({ select: null, around: null, focus: null })}>
          Clear
        </button>
      )}
    </form>
  );
}
