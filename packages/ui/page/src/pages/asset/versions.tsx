/** The versions of one partition that are kept: what readers see now, what was there before, and how to go back. */
import type { AssetVersion, Page } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { bytes, count } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Command, Empty } from "../../parts/command.tsx";
import { rollback } from "../../parts/commands.ts";
import { DataTable } from "../../parts/data-table.tsx";
import { runHref, shortId } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Ago } from "../../parts/time.tsx";
import { setQuery } from "../../router.ts";

interface VersionsProps {
  readonly asset: string;
  /** Its key; "" where the asset has no partitions. */
  readonly partition: string;
}

export function Versions({ asset, partition }: VersionsProps): JSX.Element {
  const versions = useResource<Page<AssetVersion>>(
    address("/assets/{key}/versions", { key: asset, ...(partition === "" ? {} : { partition }) }),
    { asset },
  );
  const name = partition === "" ? asset : `${asset}@${partition}`;
  return (
    <section class="panel step" aria-label={`Versions of ${name}`}>
      <div class="row">
        <h2 class="grow">Versions of {name}</h2>
        <button type="button" onClick={() => setQuery({ of: null })}>
          Close
        </button>
      </div>
      <Loaded of={versions}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty says="None is kept: it was never made, or purged." />
          ) : (
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
                  cell: ({ version, current }) =>
                    current ? (
                      <Badge state="on">this one</Badge>
                    ) : (
                      <Command text={rollback(asset, partition, version)} />
                    ),
                },
              ]}
            />
          )
        }
      </Loaded>
    </section>
  );
}
