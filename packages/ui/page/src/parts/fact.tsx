/** One of the facts that a list of them (`dl.facts`) tells. */
import type { ComponentChildren, JSX } from "preact";

export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
