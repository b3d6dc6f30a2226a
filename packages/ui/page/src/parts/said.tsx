/** A sentence of the server's: instants in it are shown as all times here are, with UTC at hand. */
import type { JSX } from "preact";
import { Time } from "./time.tsx";

const instants = /(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)/;

export function Said({ text, zone }: { readonly text: string; readonly zone: string }): JSX.Element {
  return (
    <span class="prose">
      {text.split(instants).map((part, at) => (at % 2 === 1 ? <Time key={at} at={part} zone={zone} /> : part))}
    </span>
  );
}
