/** An asset's partitions: the field of them, and the newest one by one. */
import type { AssetPartition, Page, PartitionGrid } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { bytes, count, counted } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Choices } from "../../parts/choices.tsx";
import { Command, Empty } from "../../parts/command.tsx";
import { backfill, makeFirst } from "../../parts/commands.ts";
import { DataTable, type Column } from "../../parts/data-table.tsx";
import { launchHref, runHref, shortId } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { LaunchLink } from "../../parts/press.tsx";
import { Pager } from "../../parts/pager.tsx";
import { Ranges } from "../../parts/ranges.tsx";
import { RowKeys } from "../../parts/row-keys.tsx";
import { Ago } from "../../parts/time.tsx";
import { place, setQuery } from "../../router.ts";
import type { TabProps } from "./asset.tsx";
import { cellsIn, chosenKeys, chosenText, type Chosen } from "./choose.ts";
import { Matrix } from "./matrix.tsx";
import { MetadataList } from "./metadata.tsx";
import { Plots } from "./plots.tsx";
import { nothingChosen, useChosen } from "./use-chosen.ts";
import { Versions } from "./versions.tsx";

export function Partitions({ asset }: TabProps): JSX.Element {
  const isPartitioned = asset.partitionsDefinition.kind !== "none";
  const of = place.value.query.get("of");
  return (
    <>
      {isPartitioned ? <Field asset={asset} /> : null}
      <h2>{isPartitioned ? "Each partition" : "Versions"}</h2>
      {isPartitioned ? <Plots asset={asset.key} /> : null}
      <Table asset={asset} />
      {isPartitioned && of === null ? null : <Versions asset={asset} partition={isPartitioned ? of! : ""} />}
    </>
  );
}

function Field({ asset }: TabProps): JSX.Element {
  const within = place.value.query.get("within");
  const cell = place.value.query.get("cell");
  const grid = useResource<PartitionGrid>(address("/assets/{key}/grid", { key: asset.key, within, cell }), {
    asset: asset.key,
  });
  const lookCloser = (text: string): void => setQuery({ within: text, cell: null, ...nothingChosen });
  const [chosen, choose] = useChosen(grid.value, JSON.stringify([asset.key, within, cell]));
  const isList = asset.partitionsDefinition.kind === "fixed" || asset.partitionsDefinition.kind === "dynamic";
  return (
    <Loaded of={grid} rows={6}>
      {(known) => {
        const text = chosen === undefined ? "" : isList ? chosenKeys(known, chosen) : chosenText(known, chosen);
        return (
          <>
            <p class="row">
              {within === null ? null : (
                <>
                  <code>{within}</code>
                  <button type="button" onClick={() => setQuery({ within: null, cell: null, ...nothingChosen })}>
                    All partitions
                  </button>
                </>
              )}
              <span class="faint">
                {counted(known.count, "partition")}
                {known.cell === "partition" ? "" : `, a cell for each ${known.cell}`}
                {known.left === 0 ? "" : `; ${count(known.left)} of them are not shown`}
              </span>
              {known.mayBe.length < 2 ? null : (
                <Choices
                  name="cell"
                  label="What a cell is"
                  values={known.mayBe}
                  chosen={known.cell}
                  says={(unit) => `${unit}s`}
                  resets={["from", "to"]}
                />
              )}
            </p>
            {known.count === 0 ? (
              <Empty says="No partition exists yet." />
            ) : (
              <Matrix
                grid={known}
                chosen={chosen}
                onChoose={choose}
                onCloser={known.cell === "partition" ? undefined : lookCloser}
              />
            )}
            {text === "" ? null : (
              <div class="panel row" role="group" aria-label="What is chosen">
                <strong>{chosenMany(known, chosen!)}</strong>
                <Ranges text={text} />
                {known.cell === "partition" ? null : (
                  <button type="button" onClick={() => lookCloser(text)}>
                    Look closer
                  </button>
                )}
                {asset.kind === "external" ? null : (
                  <LaunchLink tone="primary" href={launchHref(asset.key, text)}>
                    Make these
                  </LaunchLink>
                )}
                <button type="button" onClick={() => setQuery({ tab: "why", within: text })}>
                  Why?
                </button>
                <Command text={backfill(asset.key, text)} />
              </div>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

/** Cells are partitions, or hold many. */
function chosenMany(grid: PartitionGrid, chosen: Chosen): string {
  const cells = cellsIn(grid, chosen).size;
  return counted(cells, grid.cell);
}

function Table({ asset }: TabProps): JSX.Element {
  const after = place.value.query.get("after");
  const page = useResource<Page<AssetPartition>>(
    address("/assets/{key}/partitions", { key: asset.key, after, limit: 50 }),
    {
      asset: asset.key,
    },
  );
  const isPartitioned = asset.partitionsDefinition.kind !== "none";
  return (
    <Loaded of={page} rows={6}>
      {({ items, cursor }) =>
        items.length === 0 ? (
          <Empty says="None is made yet:" command={makeFirst(asset.key, isPartitioned)} />
        ) : (
          <RowKeys>
            <DataTable
              rows={items}
              keyOf={({ id }) => id}
              columns={isPartitioned ? [keyColumn, ...columns] : columns}
            />
            <Pager name="after" cursor={cursor} first="Newest" next="Older" />
          </RowKeys>
        )
      }
    </Loaded>
  );
}

const keyColumn: Column<AssetPartition> = { title: "Partition", cell: ({ key }) => <code>{key}</code> };

const columns: readonly Column<AssetPartition>[] = [
  {
    title: "Last outcome",
    cell: ({ lastStatus, lastError }) => {
      const isMade = lastStatus === "succeeded" || lastStatus === null;
      return (
        <>
          <Badge state={isMade ? "made" : lastStatus} /> <span class="faint">{lastError?.code ?? ""}</span>
        </>
      );
    },
  },
  {
    title: "Version",
    holds: "number",
    cell: ({ version, key }) =>
      version === null ? (
        "–"
      ) : (
        <button
          type="button"
          class="quiet"
          aria-label={`${version}: the versions of ${key}`}
          onClick={() => setQuery({ of: key === "" ? "-" : key })}
        >
          {version}
        </button>
      ),
  },
  { title: "Rows", holds: "number", cell: ({ rows }) => count(rows) },
  { title: "Size", holds: "number", cell: ({ bytes: size }) => bytes(size) },
  { title: "Made", cell: ({ madeAt }) => <Ago at={madeAt} /> },
  {
    title: "By run",
    cell: ({ lastRun }) =>
      lastRun === null ? null : (
        <a class="id" href={runHref(lastRun)}>
          {shortId(lastRun)}
        </a>
      ),
  },
  {
    title: "Metadata",
    cell: ({ metadata }) =>
      metadata === null || Object.keys(metadata).length === 0 ? null : (
        <details>
          <summary>{counted(Object.keys(metadata).length, "value")}</summary>
          <MetadataList metadata={metadata} />
        </details>
      ),
  },
];
