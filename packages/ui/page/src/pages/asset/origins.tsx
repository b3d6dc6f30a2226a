/** Where a column comes from, and who reads it. */
import type { AssetColumn, AssetColumns } from "@iroko/core/client";
import type { JSX } from "preact";
import { assetHref } from "../../parts/links.ts";

const schemaHref = (key: string): string => `${assetHref(key)}?tab=schema`;

/** Who says so stands below: the definition, with what the SQL says where that is something else, or the SQL. */
export function Origin({ of }: { readonly of: AssetColumn }): JSX.Element {
  const { source, sql, transformation, description } = of;
  if (source === null) return <span class="faint">unknown, because {of.unknown}</span>;
  const told = source === "sql" ? "by its SQL" : ["declared", transformation, description].filter(Boolean).join(", ");
  return (
    <>
      <Sources of={of} /> <span class="faint">{told}</span>
      {sql === null || sameSources(sql, of) ? null : (
        <div class="faint">
          its SQL says: <Sources of={sql} />
        </div>
      )}
    </>
  );
}

type Told = Pick<AssetColumn, "from" | "unknown">;

const sourceKey = ({ asset, column }: AssetColumn["from"][number]): string => JSON.stringify([asset, column]);

const sameSources = (a: Told, b: Told): boolean =>
  a.unknown === b.unknown &&
  a.from.length === b.from.length &&
  a.from.every((source) => b.from.some((other) => sourceKey(other) === sourceKey(source)));

function Sources({ of: { from, unknown } }: { readonly of: Told }): JSX.Element {
  return (
    <>
      {from.map((source, at) => (
        <span key={sourceKey(source)}>
          {at === 0 ? "" : ", "}
          {source.column === null ? "rows of " : ""}
          <a href={schemaHref(source.asset)}>
            {source.column === null ? source.asset : `${source.asset}.${source.column}`}
          </a>
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
      Which columns these read is not known, for they are neither declared nor told by SQL that can be followed:{" "}
      {otherReaders.map((key, at) => (
        <span key={key}>
          {at === 0 ? "" : ", "}
          <a href={schemaHref(key)}>{key}</a>
        </span>
      ))}
    </p>
  );
}
