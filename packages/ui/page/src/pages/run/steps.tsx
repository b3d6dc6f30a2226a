/** A run's steps one by one, in the plan's order. */
import type { Page, Step } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { counted } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/command.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { RowKeys } from "../../parts/row-keys.tsx";
import { Ago, Took } from "../../parts/time.tsx";
import { place, setQuery } from "../../router.ts";

const statuses = ["failed", "running", "ready", "blocked", "skipped", "canceled", "succeeded"] as const;

export function Steps({ run }: { readonly run: string }): JSX.Element {
  const { query } = place.value;
  const status = query.get("status") ?? "";
  const after = query.get("after");
  const page = useResource<Page<Step>>(address("/runs/{id}/steps", { id: run, status, after }), { run });
  return (
    <>
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
      <Loaded of={page} rows={8}>
        {({ items, cursor }) =>
          items.length === 0 ? (
            <Empty says={`No step is ${status === "" ? "there" : status}.`} />
          ) : (
            <RowKeys>
              <div class="scroll">
                <table>
                  <thead>
                    <tr>
                      <th scope="col" class="number">
                        #
                      </th>
                      <th scope="col">State</th>
                      <th scope="col">Step</th>
                      <th scope="col">Partitions</th>
                      <th scope="col" class="number">
                        Attempts
                      </th>
                      <th scope="col">Why</th>
                      <th scope="col">Started</th>
                      <th scope="col" class="number">
                        Took
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((step) => (
                      <tr key={step.n} id={`step-${step.n}`}>
                        <td class="number">{step.n}</td>
                        <td>
                          <Badge state={step.status} />
                        </td>
                        <td>
                          <a
                            href={`?view=steps&step=${step.n}`}
                            onClick={(event) => {
                              event.preventDefault();
                              setQuery({ step: String(step.n) });
                            }}
                          >
                            {step.name}
                          </a>
                          {step.kind === "materialize" ? null : <span class="faint"> {step.kind}</span>}
                        </td>
                        <td>
                          <code>{step.partitions}</code>
                        </td>
                        <td class="number">{step.attempt === 0 ? "" : step.attempt}</td>
                        <td class="prose">{whyOf(step)}</td>
                        <td>
                          <Ago at={step.startedAt} />
                        </td>
                        <td class="number">
                          <Took from={step.startedAt} to={step.endedAt} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <p class="row">
                {after === null ? null : (
                  <button type="button" onClick={() => setQuery({ after: null })}>
                    First steps
                  </button>
                )}
                {cursor === null ? null : (
                  <button type="button" onClick={() => setQuery({ after: cursor })}>
                    Next steps
                  </button>
                )}
              </p>
            </RowKeys>
          )
        }
      </Loaded>
    </>
  );
}

/** The one thing to know of a step in its state. */
export function whyOf(step: Step): string {
  switch (step.status) {
    case "failed":
      return step.error === null ? "" : `${step.error.code} ${step.error.message}`;
    case "blocked":
      return `waits for ${counted(step.waitingOn, "step")}`;
    case "ready":
      return step.deferredReason ?? "waits for a free slot";
    case "skipped":
      return step.deferredReason ?? "";
    case "succeeded":
      return step.outcome === null || step.outcome === "made" ? step.reason : step.outcome;
    case "running":
    case "canceled":
      return step.reason;
  }
}
