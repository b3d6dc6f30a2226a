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

/** Without a file it is a place in what was asked, to which the hint points. */
const placeText = ({ file, line, column, subject }: NonNullable<Told["place"]>): string =>
  [file === undefined ? "" : [file, line, column].filter((part) => part !== undefined).join(":"), subject ?? ""]
    .filter((part) => part !== "")
    .join(", ");

export function Failure({ error }: { readonly error: Told }): JSX.Element {
  const place = error.place === undefined ? "" : placeText(error.place);
  return (
    <div class="error" role="alert">
      <p class="message">
        <strong>{error.code}</strong> {error.message}
      </p>
      {place === "" ? null : <p class="place">{place}</p>}
      {error.hint === undefined ? null : error.hint.includes("\n") ? (
        <pre class="hint">{error.hint}</pre>
      ) : (
        <p>{error.hint}</p>
      )}
    </div>
  );
}
