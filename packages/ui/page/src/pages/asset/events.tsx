/** What happened to an asset, the newest first. */
import type { InstanceEvent, Page } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { Empty } from "../../parts/command.tsx";
import { runHref, shortId } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Pager } from "../../parts/pager.tsx";
import { Ago } from "../../parts/time.tsx";
import { place } from "../../router.ts";
import type { TabProps } from "./asset.tsx";

export function Events({ asset }: TabProps): JSX.Element {
  const after = place.value.query.get("after");
  const page = useResource<Page<InstanceEvent>>(address("/assets/{key}/events", { key: asset.key, after }), {
    asset: asset.key,
  });
  return (
    <Loaded of={page} rows={6}>
      {({ items, cursor }) =>
        items.length === 0 ? (
          <Empty says="Nothing has happened to it." />
        ) : (
          <>
            <ul class="list">
              {items.map((event) => (
                <li key={event.id} id={`event-${event.id}`}>
                  <Ago at={event.at} /> <strong>{event.type.replaceAll("_", " ")}</strong>{" "}
                  <code class="prose">{event.partitions}</code>
                  {event.run === null ? null : (
                    <a
                      class="id"
                      href={event.step === null ? runHref(event.run) : `${runHref(event.run)}?step=${event.step}`}
                    >
                      {shortId(event.run)}
                    </a>
                  )}
                </li>
              ))}
            </ul>
            <Pager name="after" cursor={cursor} first="Newest" next="Older" />
          </>
        )
      }
    </Loaded>
  );
}
