/** What happened in a run, or to one of its steps. */
import type { InstanceEvent, Page } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { EventList } from "../../parts/event-list.tsx";
import { place } from "../../router.ts";

export function RunEvents({ run }: { readonly run: string }): JSX.Element {
  const after = place.value.query.get("after");
  const page = useResource<Page<InstanceEvent>>(address("/runs/{id}/events", { id: run, after }), { run });
  return <EventList of={page} about="run" pager="after" />;
}

export function StepEvents({ run, step }: { readonly run: string; readonly step: number }): JSX.Element {
  const before = place.value.query.get("before");
  const page = useResource<Page<InstanceEvent>>(address("/runs/{id}/events", { id: run, step, after: before }), {
    run,
  });
  return <EventList of={page} about="step" pager="before" />;
}
