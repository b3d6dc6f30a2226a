/** One partition at hand: its kept versions and the way back to each, how to read it, its first rows. */
import type { AssetDetail, AssetOutlook, AssetVersion, Page } from "@iroko/core/client";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { address, post } from "../../api/get.ts";
import { refresh, useResource } from "../../api/resource.ts";
import { Act } from "../../parts/act.tsx";
import { bytes, count } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Command, Empty } from "../../parts/command.tsx";
import { rollback, showRows } from "../../parts/commands.ts";
import { DataTable } from "../../parts/data-table.tsx";
import { runHref, shortId } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Ago } from "../../parts/time.tsx";
import { setQuery } from "../../router.ts";
import { readSql } from "./read-sql.ts";
import { rollbackQuestion } from "./rollback-question.ts";
import { Rows } from "./rows.tsx";

interface VersionsProps {
  readonly asset: AssetDetail;
  /** Its key; "" where the asset has no partitions. */
  readonly partition: string;
}

export function Versions({ asset, partition }: VersionsProps): JSX.Element {
  const { key, storage } = asset;
  const versions = useResource<Page<AssetVersion>>(
    address("/assets/{key}/versions", { key, ...(partition === "" ? {} : { partition }) }),
    { asset: key },
  );
  const outlook = useResource<AssetOutlook>(address("/assets/{key}/outlook", { key }), { asset: key });
  const name = partition === "" ? key : `${key}@${partition}`;
  const isParquet = storage?.extension === ".parquet";
  const goBack = async (to: number): Promise<void> => {
    await post(address("/assets/{key}/rollback", { key }), { ...(partition === "" ? {} : { partition }), to });
    refresh((href) => href.startsWith("/api/v1/assets/"));
  };
  const panel = useRef<HTMLElement>(null);
  // Pressed in a table as long as the screen, it would come up out of sight.
  useEffect(() => {
    if (partition !== "") panel.current?.scrollIntoView({ block: "nearest" });
  }, [partition]);
  return (
    <section ref={panel} class="panel step" aria-label={`Versions of ${name}`}>
      <div class="row">
        <h2 class="grow">Versions of {name}</h2>
        {partition === "" ? null : (
          <button type="button" onClick={() => setQuery({ of: null })}>
            Close
          </button>
        )}
      </div>
      <Loaded of={versions}>
        {({ items }) => {
          const current = items.find((version) => version.current);
          if (items.length === 0) return <Empty says="None is kept: it was never made, or purged." />;
          return (
            <>
              <DataTable
                rows={items}
                keyOf={({ version }) => String(version)}
                columns={[
                  { title: "Version", holds: "number", cell: ({ version }) => version },
                  { title: "Rows", holds: "number", cell: ({ rows }) => (rows === null ? "–" : count(rows)) },
                  { title: "Size", holds: "number", cell: ({ bytes: size }) => (size === null ? "–" : bytes(size)) },
                  { title: "Made", cell: ({ madeAt }) => <Ago at={madeAt} /> },
                  {
                    title: "By run",
                    cell: ({ run }) =>
                      run === null ? null : (
                        <a class="id" href={runHref(run)}>
                          {shortId(run)}
                        </a>
                      ),
                  },
                  {
                    title: "Data",
                    cell: ({ dataVersion }) => <code title={dataVersion}>{dataVersion.slice(0, 12)}</code>,
                  },
                  {
                    title: "Readers see",
                    cell: (version) =>
                      version.current ? (
                        <Badge state="on">this one</Badge>
                      ) : (
                        <>
                          <Act
                            act={() => goBack(version.version)}
                            confirm={rollbackQuestion(name, current?.version, version, asset.downstream)}
                          >
                            Go back to it
                          </Act>{" "}
                          <Command text={rollback(key, partition, version.version)} />
                        </>
                      ),
                  },
                  ...(isParquet
                    ? [
                        {
                          title: "Read it",
                          // That of the current one stands below.
                          cell: ({ objectKey, current: isCurrent }: AssetVersion) =>
                            objectKey === null || isCurrent ? null : (
                              <details>
                                <summary>SQL</summary>
                                <Command text={readSql(outlook.value?.store ?? null, objectKey)} />
                              </details>
                            ),
                        },
                      ]
                    : []),
                ]}
              />
              {isParquet && current !== undefined ? (
                <>
                  <p class="row">
                    <Command text={showRows(key, partition)} />
                    {current.objectKey === null ? null : (
                      <Command text={readSql(outlook.value?.store ?? null, current.objectKey)} />
                    )}
                  </p>
                  <Rows asset={key} partition={partition} />
                </>
              ) : null}
            </>
          );
        }}
      </Loaded>
    </section>
  );
}
