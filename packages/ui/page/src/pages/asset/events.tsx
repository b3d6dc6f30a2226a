/** What happened to an asset. */
import type { InstanceEvent, Page } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { EventList } from "../../parts/event-list.tsx";
import { place } from "../../router.ts";
import type { TabProps } from "./asset.tsx";

export function Events({ asset: { key } }: TabProps): JSX.Element {
  const after = place.value.query.get("after");
  const page = useResource<Page<InstanceEvent>>(address("/assets/{key}/events", { key, after }), { asset: key });
  return <EventList of={page} about="asset" pager="after" />;
}
