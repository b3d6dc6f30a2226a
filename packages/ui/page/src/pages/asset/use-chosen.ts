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

/** @param field which one the grid is of: what is brushed of another, or of one looked at closer, means nothing in it */
export function useChosen(
  grid: PartitionGrid | undefined,
  field: string,
): readonly [Chosen | undefined, (chosen: Chosen | undefined) => void] {
  const { query } = place.value;
  const [from, to] = [query.get("from"), query.get("to")];
  const named = useMemo(() => chosenBetween(grid, from, to), [grid, from, to]);
  const [last, brush] = useState<{ readonly chosen: Chosen | undefined; readonly field: string } | undefined>(
    undefined,
  );
  const brushed = last?.field === field ? last : undefined;
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
  return [brushed === undefined ? named : brushed.chosen, (chosen) => brush({ chosen, field })];
}

function chosenBetween(grid: PartitionGrid | undefined, from: string | null, to: string | null): Chosen | undefined {
  if (grid === undefined || from === null || to === null) return undefined;
  const ends = { from: cellNamed(grid, from), to: cellNamed(grid, to) };
  return ends.from === undefined || ends.to === undefined ? undefined : { from: ends.from, to: ends.to };
}
