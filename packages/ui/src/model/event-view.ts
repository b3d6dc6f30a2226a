import { formatPartitions, partitionOf, setOfPartitions, type PartitionsDefinition } from "@iroko/core";
import type { InstanceEvent } from "@iroko/core/client";
import type { EventRow } from "@iroko/core/engine";
import type { Sendable } from "../http/answer.ts";
import type { Catalog } from "./catalog.ts";
import { partitionsText } from "./run-view.ts";

/** An event as it is told: its partitions in the text form of its asset as that is defined now. */
export function eventView({ assets }: Catalog, event: EventRow): Sendable<InstanceEvent> {
  const { id, at, type, run, step, asset } = event;
  const definition = assets.get(asset ?? "")?.asset.partitions;
  const partitions = partitionsText(definition, event);
  return { id, at, type, run, step, asset, partitions, payload: payloadOf(definition, event.payload, partitions) };
}

/** Versions are kept by partition; a step of years is told by ranges, one for each version that it gave. */
function payloadOf(definition: PartitionsDefinition | undefined, payload: unknown, partitions: string): unknown {
  if (typeof payload !== "object" || payload === null || !("versions" in payload)) return payload;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the step that made them has written it
  const versions = payload.versions as Readonly<Record<string, number | null>>;
  const byVersion = Map.groupBy(Object.keys(versions), (partition) => versions[partition] ?? null);
  const told = Array.from(byVersion, ([version, ids]) => ({
    version,
    partitions: byVersion.size === 1 ? partitions : rangesOf(definition, ids),
  }));
  return { ...payload, versions: told };
}

function rangesOf(definition: PartitionsDefinition | undefined, ids: readonly string[]): string {
  try {
    if (definition !== undefined)
      return formatPartitions(
        definition,
        setOfPartitions(
          definition,
          ids.map((id) => partitionOf(definition, id)),
        ),
      );
  } catch {
    // the definition has changed since, and no longer has such partitions
  }
  return ids.join(", ");
}
