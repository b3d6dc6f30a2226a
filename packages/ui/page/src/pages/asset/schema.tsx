/** Columns with their types, what makes the asset, and how to read it. */
import type { AssetDetail } from "@iroko/core/client";
import type { JSX } from "preact";
import { Command, Empty } from "../../parts/command.tsx";
import type { TabProps } from "./asset.tsx";

type Column = NonNullable<AssetDetail["schema"]>["columns"][number];

export function Schema({ asset: { key, schema, storage, compute, codeVersion } }: TabProps): JSX.Element {
  return (
    <>
      {schema === null ? (
        <Empty says="It has no schema: nothing is stored of it but its metadata." />
      ) : (
        <>
          {storage === null ? null : (
            <p class="row">
              {storage.kind} at <code>{storage.path}</code>
              <Command text={`select * from read_parquet('${storage.path}/*.${storage.extension}')`} />
            </p>
          )}
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Column</th>
                  <th scope="col">Type</th>
                  <th scope="col">Null</th>
                  <th scope="col">Holds</th>
                </tr>
              </thead>
              <tbody>
                {schema.columns.map((column) => (
                  <tr key={column.name}>
                    <td>
                      <code>{column.name}</code>
                    </td>
                    <td>{typeText(column)}</td>
                    <td>{column.nullable ? "yes" : ""}</td>
                    <td class="prose">
                      {column.sensitive ? <strong>sensitive </strong> : null}
                      {limits(column)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
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
    minimum && minimum.value !== `-${widest}` && `${minimum.inclusive ? "≥" : ">"} ${minimum.value}`,
    maximum && maximum.value !== widest && `${maximum.inclusive ? "≤" : "<"} ${maximum.value}`,
    pattern && `/${pattern}/`,
  ]
    .filter(Boolean)
    .join("; ");
}
