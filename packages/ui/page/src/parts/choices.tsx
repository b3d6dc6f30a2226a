/** One of a few: how a list is filtered, which view is shown, which attempt is looked at. The address keeps it. */
import type { JSX } from "preact";
import { setQuery } from "../router.ts";

interface ChoicesProps {
  /** The query's, where the choice stands. */
  readonly name: string;
  readonly label: string;
  readonly values: readonly string[];
  readonly chosen: string;
  readonly says?: (value: string) => string;
  /** What else of the query means nothing after another choice. */
  readonly resets?: readonly string[];
}

export function Choices({ name, label, values, chosen, says, resets = [] }: ChoicesProps): JSX.Element {
  return (
    <span class="tabs" role="group" aria-label={label}>
      {values.map((value) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === chosen}
          onClick={() => setQuery({ ...Object.fromEntries(resets.map((each) => [each, null])), [name]: value })}
        >
          {capital(says?.(value) ?? value)}
        </button>
      ))}
    </span>
  );
}

/** As all controls are written; states in sentences and rows are not. */
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** By state: all, or one of them. */
export function StateFilter({
  states,
  chosen,
}: {
  readonly states: readonly string[];
  readonly chosen: string;
}): JSX.Element {
  return (
    <p class="row">
      <Choices
        name="status"
        label="By state"
        values={["", ...states]}
        chosen={chosen}
        says={(state) => (state === "" ? "all" : state)}
        resets={["after"]}
      />
    </p>
  );
}
