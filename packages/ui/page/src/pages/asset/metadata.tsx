/** Metadata by its types. Whatever a step says is shown as text: markdown as it was written, a link only where it is one. */
import type { AssetPartition } from "@iroko/core/client";
import type { JSX } from "preact";
import { bytes, count, span } from "../../parts/amounts.ts";

type Metadata = NonNullable<AssetPartition["metadata"]>;
type Value = Metadata[string];

export function MetadataList({ metadata }: { readonly metadata: Metadata }): JSX.Element {
  return (
    <dl class="facts">
      {Object.entries(metadata).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <One value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Other schemes run scripts, or open programs. */
export const isWebAddress = (text: string): boolean => /^https?:\/\/[^\s]+$/i.test(text);

function One({ value }: { readonly value: Value }): JSX.Element {
  switch (value.type) {
    case "int":
    case "float":
      return <>{count(value.value)}</>;
    case "bytes":
      return <>{bytes(value.value)}</>;
    case "duration":
      return <>{span(value.value)}</>;
    case "boolean":
      return <>{value.value ? "yes" : "no"}</>;
    case "url":
      return isWebAddress(value.value) ? (
        <a href={value.value} rel="noreferrer noopener" target="_blank">
          {value.value}
        </a>
      ) : (
        <>{value.value}</>
      );
    case "decimal":
    case "text":
    case "timestamp":
      return <>{value.value}</>;
    case "path":
      return <code>{value.value}</code>;
    case "markdown":
      return <pre class="prose">{value.value}</pre>;
    case "json":
      return <pre class="prose">{JSON.stringify(value.value, null, 2)}</pre>;
    case "table":
      return (
        <table>
          <thead>
            <tr>
              {value.columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {value.rows.map((row, at) => (
              <tr key={at}>
                {row.map((cell, column) => (
                  <td key={column}>{typeof cell === "string" ? cell : JSON.stringify(cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
    case "tableSchema":
      return <>{value.columns.map(({ name, type }) => `${name} ${type}`).join(", ")}</>;
  }
}
