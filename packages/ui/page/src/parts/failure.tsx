/** An error: what, where, what to do next, and where its code is explained. */
import type { JSX } from "preact";

export interface Told {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  /** In the user's code. */
  readonly place?:
    | {
        readonly file?: string | undefined;
        readonly line?: number | undefined;
        readonly column?: number | undefined;
        readonly subject?: string | undefined;
      }
    | undefined;
}

const placeText = ({ file, line, column, subject }: NonNullable<Told["place"]>): string =>
  [[file, line, column].filter((part) => part !== undefined).join(":"), subject ?? ""]
    .filter((part) => part !== "")
    .join(", ");

export function Failure({ error }: { readonly error: Told }): JSX.Element {
  return (
    <div class="error" role="alert">
      <p class="message">
        <strong>{error.code}</strong> {error.message}
      </p>
      {error.place === undefined ? null : <p class="place">{placeText(error.place)}</p>}
      {error.hint === undefined ? null : <p>{error.hint}</p>}
    </div>
  );
}
