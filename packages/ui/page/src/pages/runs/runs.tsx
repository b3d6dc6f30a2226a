/** Runs, the newest first, by state. */
import type { Page, Run } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { useTitle } from "../../app.tsx";
import { count } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/command.tsx";
import { makeAll } from "../../parts/commands.ts";
import { runHref, shortId } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { RowKeys } from "../../parts/row-keys.tsx";
import { Ago, Took } from "../../parts/time.tsx";
import { place, setQuery } from "../../router.ts";

const statuses = ["queued", "running", "succeeded", "failed", "canceled"] as const;

export default function Runs(): JSX.Element {
  useTitle("Runs");
  const { query } = place.value;
  const status = query.get("status") ?? "";
  const after = query.get("after");
  const page = useResource<Page<Run>>(address("/runs", { status, after }));
  return (
    <>
      <h1>Runs</h1>
      <p class="row" role="group" aria-label="By state">
        {["", ...statuses].map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === status}
            onClick={() => setQuery({ status: each, after: null })}
          >
            {each === "" ? "all" : each}
          </button>
        ))}
      </p>
      <Loaded of={page} rows={10}>
        {({ items, cursor }) =>
          items.length === 0 ? (
            <Empty
              says={status === "" ? "Nothing has run yet. Make everything once:" : `No run is ${status}.`}
              {...(status === "" ? { command: makeAll } : {})}
            />
          ) : (
            <>
              <RunsTable runs={items} />
              <p class="row">
                {after === null ? null : (
                  <button type="button" onClick={() => setQuery({ after: null })}>
                    Newest
                  </button>
                )}
                {cursor === null ? null : (
                  <button type="button" onClick={() => setQuery({ after: cursor })}>
                    Older
                  </button>
                )}
              </p>
            </>
          )
        }
      </Loaded>
    </>
  );
}

export function RunsTable({ runs }: { readonly runs: readonly Run[] }): JSX.Element {
  return (
    <RowKeys>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Run</th>
              <th scope="col">Assets</th>
              <th scope="col">Partitions</th>
              <th scope="col" class="number">
                Steps
              </th>
              <th scope="col">By</th>
              <th scope="col">Asked for</th>
              <th scope="col" class="number">
                Took
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={run.id}>
                <td>
                  <Badge state={run.status} />
                </td>
                <td>
                  <a class="id" href={runHref(run.id)} title={run.id}>
                    {shortId(run.id)}
                  </a>
                </td>
                <td>
                  <code>{run.selection}</code>
                </td>
                <td class="prose">{run.partitions}</td>
                <td class="number">
                  {count(run.succeeded)}/{count(run.planned)}
                  {run.failed > 0 ? <span class="bad-text"> {count(run.failed)} failed</span> : null}
                </td>
                <td>{run.triggerName ?? run.trigger}</td>
                <td>
                  <Ago at={run.createdAt} />
                </td>
                <td class="number">
                  <Took from={run.startedAt} to={run.endedAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </RowKeys>
  );
}
