/** Through a list page by page: on to the next, and back to where it begins. The address keeps the place. */
import type { JSX } from "preact";
import { place, setQuery } from "../router.ts";

interface PagerProps {
  /** The query's, where the place stands. */
  readonly name: string;
  /** Of the page after this one; null: there is none. */
  readonly cursor: string | null;
  readonly first: string;
  readonly next: string;
}

export function Pager({ name, cursor, first, next }: PagerProps): JSX.Element | null {
  const isFirst = !place.value.query.has(name);
  if (isFirst && cursor === null) return null;
  return (
    <p class="row">
      {isFirst ? null : (
        <button type="button" onClick={() => setQuery({ [name]: null })}>
          {first}
        </button>
      )}
      {cursor === null ? null : (
        <button type="button" onClick={() => setQuery({ [name]: cursor })}>
          {next}
        </button>
      )}
    </p>
  );
}
