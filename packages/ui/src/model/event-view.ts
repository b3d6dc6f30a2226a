import type { InstanceEvent } from "@iroko/core/client";
import type { EventRow } from "@iroko/core/engine";
import type { Sendable } from "../http/answer.ts";
import type { Catalog } from "./catalog.ts";
import { partitionsText } from "./run-view.ts";

/** An event as it is told: its partitions in the text form of its asset as that is defined now. */
export function eventView({ assets }: Catalog, event: EventRow): Sendable<InstanceEvent> {
  const { id, at, type, run, step, asset, payload } = event;
  return {
    id,
    at,
    type,
    run,
    step,
    asset,
    partitions: partitionsText(assets.get(asset ?? "")?.asset.partitions, event),
    payload,
  };
}
