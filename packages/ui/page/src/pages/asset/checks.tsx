/** What checks found, with some of the rows that broke them. */
import type { AssetDetail, CheckResult, Page } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { count, counted } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/command.tsx";
import { DataTable, type Column } from "../../parts/data-table.tsx";
import { runHref, shortId } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Ago } from "../../parts/time.tsx";
import type { TabProps } from "./asset.tsx";
import { cellText } from "./rows.tsx";

export function Checks({ asset }: TabProps): JSX.Element {
  const results = useResource<Page<CheckResult>>(address("/assets/{key}/checks", { key: asset.key }), {
    asset: asset.key,
  });
  if (asset.checks.length === 0)
    return <Empty says="It has no checks. Add some to its definition: checks: [unique(…), range(…)]" />;
  return (
    <Loaded of={results} rows={6}>
      {({ items, cursor }) => (
        <DataTable
          rows={asset.checks.map((check) => resultOf(check, items, cursor !== null))}
          keyOf={({ check }) => check.name}
          columns={columns}
        />
      )}
    </Loaded>
  );
}

type Check = AssetDetail["checks"][number];

interface Result {
  readonly check: Check;
  readonly of: readonly CheckResult[];
  readonly broken: readonly CheckResult[];
  /** What is told of it: what broke it, if anything did. */
  readonly told: CheckResult | undefined;
  /** There are more results than these, of older partitions. */
  readonly hasMore: boolean;
}

function resultOf(check: Check, results: readonly CheckResult[], hasMore: boolean): Result {
  const of = results.filter(({ name }) => name === check.name);
  const broken = of.filter(({ passed }) => !passed);
  return { check, of, broken, told: broken[0] ?? of[0], hasMore };
}

const columns: readonly Column<Result>[] = [
  {
    title: "Check",
    cell: ({ check: { name, severity, blocking } }) => (
      <>
        {name}
        <div class="faint">{blocking ? `${severity}, blocking` : severity}</div>
      </>
    ),
  },
  {
    title: "Result",
    cell: ({ told, hasMore }) =>
      told === undefined ? (
        <Badge state="unknown">{hasMore ? "not shown" : "not run"}</Badge>
      ) : (
        <Badge state={told.passed ? "passed" : told.severity === "error" ? "failed" : "warned"} />
      ),
  },
  {
    title: "What was found",
    holds: "prose",
    cell: ({ check, of, broken, told, hasMore }) => {
      if (broken.length > 0) return broken.map((result) => <Broken key={result.partition} result={result} />);
      if (of.length === 0)
        return hasMore ? "Others broke so often that its results are not among these." : check.description;
      return told?.message ?? `passed on ${hasMore ? "the last " : ""}${counted(of.length, "partition")}`;
    },
  },
  { title: "At", cell: ({ told }) => <Ago at={told?.at} /> },
];

function Broken({ result }: { readonly result: CheckResult }): JSX.Element {
  const { partition, message, violations, sample, run } = result;
  const rows = isRows(sample) ? sample : undefined;
  return (
    <details>
      <summary>
        {partition === "" ? null : <code>{partition}</code>}{" "}
        {message ?? (violations === null ? "" : counted(violations, "row"))}
      </summary>
      {rows === undefined ? (
        sample == null ? null : (
          <pre class="panel">{JSON.stringify(sample, null, 2)}</pre>
        )
      ) : (
        <>
          <Sample rows={rows} of={partition} />
          {violations !== null && violations > rows.length ? (
            <p class="note">
              {count(rows.length)} of {counted(violations, "row")} that broke it.
            </p>
          ) : null}
        </>
      )}
      {run === null ? null : (
        <a class="id" href={runHref(run)}>
          run {shortId(run)}
        </a>
      )}
    </details>
  );
}

type Row = Readonly<Record<string, unknown>>;

interface Numbered {
  readonly row: Row;
  readonly at: number;
}

const isRows = (sample: unknown): sample is readonly Row[] =>
  Array.isArray(sample) &&
  sample.length > 0 &&
  sample.every((row) => typeof row === "object" && row !== null && !Array.isArray(row));

function Sample({ rows, of }: { readonly rows: readonly Row[]; readonly of: string }): JSX.Element {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return (
    <DataTable
      label={`Rows that broke it${of === "" ? "" : ` of ${of}`}`}
      rows={rows.map((row, at): Numbered => ({ row, at }))}
      keyOf={({ at }) => String(at)}
      columns={names.map((name): Column<Numbered> => ({ title: name, cell: ({ row }) => cellText(row[name]) }))}
    />
  );
}
