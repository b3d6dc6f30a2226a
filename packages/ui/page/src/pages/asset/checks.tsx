/** What checks found, with some of the rows that broke them. */
import type { AssetDetail, CheckResult, Page } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { counted } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/command.tsx";
import { DataTable, type Column } from "../../parts/data-table.tsx";
import { runHref, shortId } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Ago } from "../../parts/time.tsx";
import type { TabProps } from "./asset.tsx";

export function Checks({ asset }: TabProps): JSX.Element {
  const results = useResource<Page<CheckResult>>(address("/assets/{key}/checks", { key: asset.key }), {
    asset: asset.key,
  });
  if (asset.checks.length === 0)
    return <Empty says="It has no checks. Add some to its definition: checks: [unique(…), range(…)]" />;
  return (
    <Loaded of={results} rows={6}>
      {({ items }) => (
        <DataTable
          rows={asset.checks.map((check) => resultOf(check, items))}
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
}

function resultOf(check: Check, results: readonly CheckResult[]): Result {
  const of = results.filter(({ name }) => name === check.name);
  const broken = of.filter(({ passed }) => !passed);
  return { check, of, broken, told: broken[0] ?? of[0] };
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
    cell: ({ told }) =>
      told === undefined ? (
        <Badge state="unknown">not run</Badge>
      ) : (
        <Badge state={told.passed ? "passed" : told.severity === "error" ? "failed" : "warned"} />
      ),
  },
  {
    title: "What was found",
    holds: "prose",
    cell: ({ check, of, broken, told }) =>
      broken.length === 0
        ? (told?.message ?? (of.length > 0 ? `passed on ${counted(of.length, "partition")}` : check.description))
        : broken.map((result) => <Broken key={result.partition} result={result} />),
  },
  { title: "At", cell: ({ told }) => <Ago at={told?.at} /> },
];

function Broken({
  result: { partition, message, violations, sample, run },
}: {
  readonly result: CheckResult;
}): JSX.Element {
  return (
    <details>
      <summary>
        {partition === "" ? null : <code>{partition}</code>}{" "}
        {message ?? (violations === null ? "" : counted(violations, "row"))}
      </summary>
      {sample == null ? null : <pre class="panel">{JSON.stringify(sample, null, 2)}</pre>}
      {run === null ? null : (
        <a class="id" href={runHref(run)}>
          run {shortId(run)}
        </a>
      )}
    </details>
  );
}
