/** Cells of two dimensions crossed: the last across, the others down. One of time may be coarser where it goes across. */
import { partitionsIn, quoteKey, type MultiPartitions, type Partition, type PartitionSet } from "@iroko/core";
import type { GridCell, PartitionGrid } from "@iroko/core/client";
import { joined } from "./letters.ts";
import { unitName } from "./time-rows.ts";
import { coarserThan, unitsFrom } from "./units.ts";

/** They have no keys of their own. */
const mostCrossed = 100_000;

interface Row {
  readonly key: string;
  readonly letters: string[];
}

export function crossedRows(
  { dimensions }: MultiPartitions,
  wanted: PartitionSet,
  letter: (partition: Partition) => string,
  count: number,
  cell: GridCell | undefined,
): Omit<PartitionGrid, "count" | "within"> {
  const last = dimensions.at(-1)!;
  const others = dimensions.slice(0, -1);
  const time = last.partitions.kind === "time" ? last.partitions : undefined;
  const unit = time === undefined ? undefined : coarserThan(time.cadence).find((each) => each === cell);
  const columns = new Map<string, { readonly at: number; readonly first: string; last: string }>();
  const rows = new Map<string, Row>();
  let seen = 0;
  for (const partition of partitionsIn({ kind: "multi", dimensions }, wanted)) {
    if (seen === mostCrossed) break;
    seen += 1;
    const keys = partition.dimensions!;
    const across = keys[last.name]!;
    const name =
      unit === undefined
        ? across.key
        : unitName(across.window!.start.toZonedDateTimeISO(time!.timezone).toPlainDate(), unit);
    const column = columns.get(name) ?? { at: columns.size, first: across.key, last: across.key };
    column.last = across.key;
    columns.set(name, column);
    const label = others.map((dimension) => keys[dimension.name]!.key).join(" ");
    const row = rows.get(label) ?? {
      key: others
        .map(({ name: each }) => `${others.length > 1 ? `${each}=` : ""}${quoteKey(keys[each]!.key)}`)
        .join(","),
      letters: [],
    };
    rows.set(label, row);
    const own = letter(partition);
    const before = row.letters[column.at];
    row.letters[column.at] = before === undefined ? own : joined(before, own);
  }
  return {
    cell: unit ?? "partition",
    mayBe: time === undefined ? ["partition"] : unitsFrom(time.cadence),
    rows: Array.from(rows, ([label, { key, letters }]) => ({
      label,
      key,
      cells: Array.from(letters, (each: string | undefined) => each ?? "-").join(""),
      keys: [],
    })),
    columns: [...columns.keys()],
    crossed: {
      across: last.name,
      down: others.length === 1 ? others[0]!.name : null,
      keys: Array.from(columns.values(), (column) =>
        column.first === column.last ? quoteKey(column.first) : `${column.first}..${column.last}`,
      ),
      isTime: time !== undefined,
    },
    left: count - seen,
  };
}
