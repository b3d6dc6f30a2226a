/** An error: what, where, what to do next, and where its code is explained. */
import type { JSX } from "preact";

export interface Told {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  /** e.g. the place in the user's code. */
  readonly place?: string | undefined;
}

export function Failure({ error }: { readonly error: Told }): JSX.Element {
  return (
    <div class="error" role="alert">
      <p class="message">
        <strong>{error.code}</strong> {error.message}
      </p>
      {error.place === undefined ? null : <p class="place">{error.place}</p>}
      {error.hint === undefined ? null : <p>{error.hint}</p>}
    </div>
  );
}
