/** A set of partitions in its text form: lines break between its pieces, never within a date; of very many the first are shown. */
import { Fragment, type JSX } from "preact";
import { count } from "./amounts.ts";

const mostShown = 8;

export function Ranges({ text }: { readonly text: string }): JSX.Element | null {
  if (text === "") return null;
  const pieces = text.split(/(?<=,) | (?=or )/);
  const left = pieces.length - mostShown;
  return (
    <code class="ranges" title={left > 0 ? text : undefined}>
      {pieces.slice(0, mostShown).map((piece, at) => (
        <Fragment key={at}>
          {at === 0 ? null : " "}
          <span>{piece}</span>
        </Fragment>
      ))}
      {left > 0 ? <span class="faint"> … {count(left)} more</span> : null}
    </code>
  );
}
