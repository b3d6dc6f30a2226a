/** The first rows of a partition, asked for by a press: a process looks into the data, and the audit tells who had it look. */
import type { AssetRows } from "@iroko/core/client";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, address, post } from "../../api/get.ts";
import { whyNotOperate } from "../../api/session.ts";
import { count } from "../../parts/amounts.ts";
import { Empty } from "../../parts/command.tsx";
import { DataTable, type Column } from "../../parts/data-table.tsx";
import { Failure } from "../../parts/failure.tsx";

interface RowsProps {
  readonly asset: string;
  /** Its key; "" where the asset has no partitions. */
  readonly partition: string;
}

interface Numbered {
  readonly cells: AssetRows["rows"][number];
  readonly at: number;
}

type Look = "no" | "looking" | ApiError | AssetRows;

export function Rows({ asset, partition }: RowsProps): JSX.Element {
  const [look, setLook] = useState<Look>("no");
  useEffect(() => setLook("no"), [asset, partition]);
  const why = whyNotOperate.value;
  const ask = async (): Promise<void> => {
    setLook("looking");
    try {
      const href = address("/assets/{key}/rows", { key: asset });
      setLook(await post<AssetRows>(href, partition === "" ? {} : { partition }));
    } catch (error) {
      setLook(error instanceof ApiError ? error : new ApiError("PAGE_FAILED", String(error), undefined, 0));
    }
  };
  return (
    <section aria-label="First rows">
      <p class="row">
        <button type="button" disabled={look === "looking" || why !== undefined} title={why} onClick={() => void ask()}>
          {typeof look === "object" && "rows" in look ? "Look again" : "Show the first rows"}
        </button>
        <span class="note">Sensitive columns are masked; the audit tells that you looked.</span>
      </p>
      {look === "no" ? null : look === "looking" ? (
        <div class="loading" role="status" aria-label="Looking into the data">
          {[0, 1, 2].map((at) => (
            <i key={at} />
          ))}
        </div>
      ) : look instanceof ApiError ? (
        <Failure error={look} />
      ) : (
        <Shown look={look} />
      )}
    </section>
  );
}

function Shown({ look: { rows, columns, total, version } }: { readonly look: AssetRows }): JSX.Element {
  if (rows.length === 0) return <Empty says={`Version ${version} has no rows.`} />;
  return (
    <>
      <DataTable
        label="Rows"
        rows={rows.map((cells, at): Numbered => ({ cells, at }))}
        keyOf={({ at }) => String(at)}
        columns={columns.map(({ name, type, masked }, place): Column<Numbered> => ({
          title: name,
          head: (
            <>
              {name}{" "}
              <small class="faint">{type.toLowerCase().replace("timestamp with time zone", "timestamptz")}</small>
            </>
          ),
          ...(masked ? {} : { holds: isNumber(type) ? "number" : "prose" }),
          cell: ({ cells }) => cellText(cells[place]),
        }))}
      />
      <p class="note">
        {count(rows.length)} {total === null ? "rows" : `of ${count(total)} rows`} of version {version}.
      </p>
    </>
  );
}

const isNumber = (type: string): boolean => /^(U?(TINY|SMALL|BIG|HUGE)?INT|FLOAT|DOUBLE|DECIMAL)/.test(type);

export function cellText(value: unknown): JSX.Element | string {
  if (value === null || value === undefined) return <span class="faint">null</span>;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  // A time is not broken over lines.
  return /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d[\d:.+Z-]*$/.test(text) ? <code>{text}</code> : text;
}
