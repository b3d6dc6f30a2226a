/** What checks found, with some of the rows that broke them. */
import type { CheckResult, Page } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { counted } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/command.tsx";
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
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Check</th>
                <th scope="col">Result</th>
                <th scope="col">What was found</th>
                <th scope="col">At</th>
              </tr>
            </thead>
            <tbody>
              {asset.checks.map((check) => {
                const of = items.filter(({ name }) => name === check.name);
                const broken = of.filter(({ passed }) => !passed);
                const told = broken[0] ?? of[0];
                return (
                  <tr key={check.name}>
                    <td>
                      {check.name}
                      <div class="faint">
                        {check.severity}
                        {check.blocking ? ", blocks" : ""}
                      </div>
                    </td>
                    <td>
                      {told === undefined ? (
                        <Badge state="unknown">not run</Badge>
                      ) : (
                        <Badge state={told.passed ? "passed" : told.severity === "error" ? "failed" : "warned"} />
                      )}
                    </td>
                    <td class="prose">
                      {broken.length === 0
                        ? (told?.message ??
                          (of.length > 0 ? `passed on ${counted(of.length, "partition")}` : check.description))
                        : broken.map((result) => <Broken key={result.partition} result={result} />)}
                    </td>
                    <td>
                      <Ago at={told?.at} />
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Loaded>
  );
}

function Broken({
  result: { partition, message, violations, sample, run },
}: {
  readonly result: CheckResult;
}): JSX.Element {
  return (
    <details>
      <summary>
        <code>{partition}</code> {message ?? ""}
        {violations === null ? "" : ` (${counted(violations, "row")})`}
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
