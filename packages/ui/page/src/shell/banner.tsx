/** What is amiss between the page and its server: how old what is shown is, what cannot be done now, and what helps. */
import type { ComponentChildren, JSX } from "preact";
import { now } from "../api/clock.ts";
import { answersMeanwhile, isAway, isDeaf, isOutdated, lastCertain, patienceMs } from "../api/connection.ts";
import { oldestShown } from "../api/resource.ts";
import { span } from "../parts/amounts.ts";

export function Banner(): JSX.Element | null {
  if (isAway.value) {
    return (
      <Told sign="!">
        The server does not answer. What you see is <Age /> old and can only be read; it goes on by itself when the
        server is back.
      </Told>
    );
  }
  if (isDeaf.value) {
    return (
      <Told sign="!">
        {answersMeanwhile.value
          ? "The server answers, but does not say what changes."
          : "Nothing comes from the server; it is being asked."}{" "}
        What you see is <Age /> old; until changes come, all of it is asked for again every{" "}
        {span(Math.round(patienceMs.value / 1_000))}.
      </Told>
    );
  }
  if (isOutdated.value) {
    return (
      <Told sign="↻">
        The server has another version of this page by now.{" "}
        <button type="button" class="plain" onClick={() => location.reload()}>
          Load it
        </button>
      </Told>
    );
  }
  return null;
}

function Told({ sign, children }: { readonly sign: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <p class="banner" role="status">
      <strong aria-hidden="true">{sign}</strong> {children}
    </p>
  );
}

/** As long as changes are heard of, what was answered before is as good as new. It grows, but not aloud. */
function Age(): JSX.Element {
  void now.value;
  const oldest = oldestShown();
  const certain = oldest === Infinity ? lastCertain.value : Math.max(lastCertain.value, oldest);
  return <span aria-live="off">{ageText(certain)}</span>;
}

/** In whole seconds: it is not known finer. */
const ageText = (since: number): string =>
  span(Math.max(1, Math.round((Date.now() - since) / 1_000))).replace(/\.\d/, "");
