/** Where a column comes from, and who reads it. */
import type { AssetColumn, AssetColumns } from "@iroko/core/client";
import type { JSX } from "preact";
import { assetHref } from "../../parts/links.ts";

const schemaHref = (key: string): string => `${assetHref(key)}?tab=schema`;

export function Origin({ of, isCode }: { readonly of: AssetColumn; readonly isCode: boolean }): JSX.Element {
  const { from, unknown } = of;
  if (isCode) return <span class="faint">code</span>;
  return (
    <>
      {from.map(({ asset, column }, at) => (
        <span key={`${asset} ${column ?? ""}`}>
          {at === 0 ? "" : ", "}
          {column === null ? "rows of " : ""}
          <a href={schemaHref(asset)}>{column === null ? asset : `${asset}.${column}`}</a>
        </span>
      ))}
      {from.length === 0 && unknown === null ? <span class="faint">a constant, or the partition</span> : null}
      {unknown === null ? null : (
        <span class="faint">
          {from.length === 0 ? "unknown" : ", and what is unknown"}, because {unknown}
        </span>
      )}
    </>
  );
}

export function Readers({ of: { readBy } }: { readonly of: AssetColumn }): JSX.Element {
  return (
    <>
      {readBy.map(({ asset, columns }) => (
        <div key={asset}>
          <a href={schemaHref(asset)}>{asset}</a>{" "}
          <span class="faint">{columns.length === 0 ? "(to choose or order rows)" : `in ${columns.join(", ")}`}</span>
        </div>
      ))}
    </>
  );
}

export function OtherReaders({ columns: { otherReaders } }: { readonly columns: AssetColumns }): JSX.Element | null {
  if (otherReaders.length === 0) return null;
  return (
    <p class="note">
      Which columns these read is not known, for code or what cannot be followed makes them:{" "}
      {otherReaders.map((key, at) => (
        <span key={key}>
          {at === 0 ? "" : ", "}
          <a href={schemaHref(key)}>{key}</a>
        </span>
      ))}
    </p>
  );
}
