/** Columns with their types, what makes the asset, and how to read it. */
import type { AssetColumns, AssetDetail, AssetOutlook } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { count } from "../../parts/amounts.ts";
import { Command, Empty } from "../../parts/command.tsx";
import { DataTable, type Column as DataColumn } from "../../parts/data-table.tsx";
import type { TabProps } from "./asset.tsx";
import { Failure } from "../../parts/failure.tsx";
import { Origin, OtherReaders, Readers } from "./origins.tsx";
import { readAllSql } from "./read-sql.ts";

type Column = NonNullable<AssetDetail["schema"]>["columns"][number];

export function Schema({ asset }: TabProps): JSX.Element {
  const { key, schema, storage, compute, codeVersion, partitionsDefinition } = asset;
  const outlook = useResource<AssetOutlook>(address("/assets/{key}/outlook", { key }), { asset: key });
  const lineage = useResource<AssetColumns>(schema === null ? undefined : address("/assets/{key}/columns", { key }), {
    asset: key,
  });
  return (
    <>
      {schema === null ? (
        <Empty says="It has no schema: nothing is stored of it but its metadata." />
      ) : (
        <>
          {storage === null ? null : (
            <p class="row">
              {storage.kind} at <code>{storage.path}</code>
              {storage.extension === ".parquet" ? (
                <Command text={readAllSql(outlook.value?.store ?? null, storage, partitionsDefinition.kind)} />
              ) : null}
            </p>
          )}
          <DataTable
            rows={schema.columns}
            keyOf={({ name }) => name}
            columns={[...columns, ...lineageColumns(lineage.value)]}
          />
          {lineage.error === undefined ? null : <Failure error={lineage.error} />}
          {lineage.value === undefined ? null : <OtherReaders columns={lineage.value} />}
        </>
      )}
      {compute === null ? null : (
        <>
          <h2>What makes it</h2>
          <dl class="facts">
            {codeVersion === null ? null : (
              <div>
                <dt>Code version</dt>
                <dd>{codeVersion}</dd>
              </div>
            )}
            {compute.outputs.length < 2 ? null : (
              <div>
                <dt>Made together with</dt>
                <dd>{compute.outputs.filter((output) => output !== key).join(", ")}</dd>
              </div>
            )}
            {compute.pools.length === 0 ? null : (
              <div>
                <dt>Pools</dt>
                <dd>{compute.pools.join(", ")}</dd>
              </div>
            )}
            <div>
              <dt>Retries</dt>
              <dd>
                {compute.retry.maxRetries} of{" "}
                {compute.retry.retryOn === "transient" ? "what may pass" : compute.retry.retryOn.join(", ")},{" "}
                {compute.retry.backoff}
              </dd>
            </div>
          </dl>
          {compute.sql === null ? null : <pre class="panel sql">{compute.sql}</pre>}
        </>
      )}
    </>
  );
}

const columns: readonly DataColumn<Column>[] = [
  { title: "Column", cell: ({ name }) => <code>{name}</code> },
  { title: "Type", cell: typeText },
  { title: "Null", cell: ({ nullable }) => (nullable ? "yes" : "") },
  {
    title: "Holds",
    holds: "prose",
    cell: (column) => (
      <>
        {column.sensitive ? <strong>sensitive </strong> : null}
        {limits(column)}
      </>
    ),
  },
];

/** They come later than the rest: a process has to read the SQL first. */
function lineageColumns(lineage: AssetColumns | undefined): readonly DataColumn<Column>[] {
  const of = ({ name }: Column): AssetColumns["columns"][number] | undefined =>
    lineage?.columns.find(({ column }) => column === name);
  return [
    {
      title: "From",
      holds: "prose",
      cell: (column) => {
        const known = of(column);
        return known === undefined ? <span class="faint">…</span> : <Origin of={known} />;
      },
    },
    {
      title: "Read by",
      holds: "prose",
      cell: (column) => {
        const known = of(column);
        return known === undefined ? null : <Readers of={known} />;
      },
    },
  ];
}

function typeText({ type }: Column): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision}, ${type.scale})`;
    case "integer":
    case "float":
      return `${type.kind} ${type.bits}`;
    default:
      return type.kind;
  }
}

/** What an integer allows by itself says nothing of the column. */
const widest = String(Number.MAX_SAFE_INTEGER);

function limits({ description, enum: values, minimum, maximum, pattern }: Column): string {
  return [
    description,
    values && `one of ${values.join(", ")}`,
    minimum && minimum.value !== `-${widest}` && `${minimum.inclusive ? "≥" : ">"} ${grouped(minimum.value)}`,
    maximum && maximum.value !== widest && `${maximum.inclusive ? "≤" : "<"} ${grouped(maximum.value)}`,
    pattern && `/${pattern}/`,
  ]
    .filter(Boolean)
    .join("; ");
}

/** Whole numbers as all others on the page; a decimal's text may hold more digits than a number does. */
const grouped = (value: string): string => (Number.isSafeInteger(Number(value)) ? count(Number(value)) : value);
