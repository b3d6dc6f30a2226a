/** What happened, the newest first, with all that is told of it; a page of a list. */
import type { InstanceEvent, Page } from "@iroko/core/client";
import type { JSX } from "preact";
import type { Known } from "../api/resource.ts";
import { Empty } from "./command.tsx";
import { assetHref, runHref, shortId, stepHref } from "./links.ts";
import { Loaded } from "./loaded.tsx";
import { Pager } from "./pager.tsx";
import { Ago } from "./time.tsx";

interface EventListProps {
  readonly of: Known<Page<InstanceEvent>>;
  /** What all of them are about is not repeated. */
  readonly about: "asset" | "run" | "step";
  /** The query's, where the place in the list stands. */
  readonly pager: string;
}

export function EventList({ of, about, pager }: EventListProps): JSX.Element {
  // A step's stand beside its run's.
  const idOf = ({ id }: InstanceEvent): string => (about === "step" ? `step-event-${id}` : `event-${id}`);
  return (
    <Loaded of={of} rows={6}>
      {({ items, cursor }) =>
        items.length === 0 ? (
          <Empty says="Nothing has happened to it." />
        ) : (
          <>
            <ul class="list">
              {items.map((event) => (
                <li key={event.id} id={idOf(event)}>
                  <a class="faint" href={`#${idOf(event)}`}>
                    <Ago at={event.at} />
                  </a>{" "}
                  <strong>{event.type.replaceAll("_", " ")}</strong> <Subject event={event} about={about} />{" "}
                  <code class="prose">{event.partitions}</code>
                  <Facts payload={event.payload} />
                </li>
              ))}
            </ul>
            <Pager name={pager} cursor={cursor} first="Newest" next="Older" />
          </>
        )
      }
    </Loaded>
  );
}

function Subject({ event, about }: Pick<EventListProps, "about"> & { readonly event: InstanceEvent }): JSX.Element {
  const { asset, run, step } = event;
  return (
    <>
      {asset === null || about === "asset" ? null : <a href={assetHref(asset)}>{asset}</a>}
      {run === null || about === "step" ? null : about === "run" ? (
        step === null ? null : (
          <a href={`${runHref(run)}?view=events&step=${step}`}>step {step}</a>
        )
      ) : (
        <a class="id" href={step === null ? runHref(run) : stepHref(run, step)}>
          {shortId(run)}
        </a>
      )}
    </>
  );
}

/** As the type has them. */
function Facts({ payload }: { readonly payload: unknown }): JSX.Element | null {
  if (typeof payload !== "object" || payload === null || Object.keys(payload).length === 0) return null;
  return (
    <details>
      <summary>facts</summary>
      <pre class="log">{JSON.stringify(payload, null, 2)}</pre>
    </details>
  );
}
