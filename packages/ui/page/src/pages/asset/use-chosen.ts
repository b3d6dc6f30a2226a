/**
 * What is chosen of the field stands in the address, by the names of its ends: a link, a reload and the way back show the
 * same, and what was made meanwhile moves nothing.
 */
import type { PartitionGrid } from "@iroko/core/client";
import { useEffect, useMemo, useState } from "preact/hooks";
import { place, setQuery } from "../../router.ts";
import { cellName, cellNamed, type Chosen } from "./choose.ts";

/** A brush moves faster than browsers let an address be changed. */
const restMs = 250;
/** For whoever goes elsewhere in the field. */
export const nothingChosen = { from: null, to: null } as const;

export function useChosen(
  grid: PartitionGrid | undefined,
): readonly [Chosen | undefined, (chosen: Chosen | undefined) => void] {
  const { query } = place.value;
  const [from, to] = [query.get("from"), query.get("to")];
  const named = useMemo(() => chosenBetween(grid, from, to), [grid, from, to]);
  const [brushed, brush] = useState<{ readonly chosen: Chosen | undefined } | undefined>(undefined);
  useEffect(() => {
    if (brushed === undefined || grid === undefined) return;
    const timer = setTimeout(() => {
      const { chosen } = brushed;
      setQuery(
        chosen === undefined
          ? nothingChosen
          : { from: cellName(grid, ...chosen.from), to: cellName(grid, ...chosen.to) },
      );
      brush(undefined);
    }, restMs);
    return () => clearTimeout(timer);
  }, [brushed, grid]);
  return [brushed === undefined ? named : brushed.chosen, (chosen) => brush({ chosen })];
}

function chosenBetween(grid: PartitionGrid | undefined, from: string | null, to: string | null): Chosen | undefined {
  if (grid === undefined || from === null || to === null) return undefined;
  const [first, last] = [cellNamed(grid, from), cellNamed(grid, to)];
  return first === undefined || last === undefined ? undefined : { from: first, to: last };
}
