/** One run: how far it is, what failed and where, what it makes, line by line. */
import type { Page, RunDetail, RunGroup, Step } from "@iroko/core/client";
import { Fragment, type JSX } from "preact";
import { now } from "../../api/clock.ts";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { useTitle } from "../../app.tsx";
import { bytes, count, counted, span } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Choices } from "../../parts/choices.tsx";
import { Empty } from "../../parts/command.tsx";
import { makeAnyway } from "../../parts/commands.ts";
import { runHref, shortId } from "../../parts/links.ts";
import { Fact } from "../../parts/fact.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Ago, Took } from "../../parts/time.tsx";
import { useWalk } from "../../parts/walk-by-key.ts";
import { place, setQuery } from "../../router.ts";
import type { PageProps } from "../../routes.ts";
import { Again } from "./again.tsx";
import { ByPartition } from "./by-partition.tsx";
import { RunEvents } from "./events.tsx";
import { StepPanel } from "./step-panel.tsx";
import { Lines } from "./lines.tsx";
import { Meter } from "./meter.tsx";
import { Steps } from "./steps.tsx";

const views = { lines: "by asset", partitions: "by partition", steps: "by step", events: "events" };

export default function RunPage({ in: { id = "" } }: PageProps): JSX.Element {
  useTitle(`Run ${shortId(id)}`);
  const run = useResource<RunDetail>(address("/runs/{id}", { id }), { run: id });
  return (
    <>
      <p class="crumbs faint">
        <a href="/runs">Runs</a> / <code>{id}</code>
      </p>
      {run.value === undefined ? <h1>Run {shortId(id)}</h1> : null}
      <Loaded of={run} rows={8}>
        {(known) => <Told run={known} />}
      </Loaded>
    </>
  );
}

function Told({ run }: { readonly run: RunDetail }): JSX.Element {
  const { query } = place.value;
  useWalk("f", undefined, failuresOnPage);
  const wanted = query.get("view") ?? "";
  const view = Object.hasOwn(views, wanted) ? (wanted as keyof typeof views) : "lines";
  const chosen = query.get("step");
  const groups = useResource<{ readonly items: readonly RunGroup[] }>(address("/runs/{id}/groups", { id: run.id }), {
    run: run.id,
  });
  const failures = useResource<Page<Step>>(
    run.failed > 0 ? address("/runs/{id}/steps", { id: run.id, status: "failed", limit: 5 }) : undefined,
    { run: run.id },
  );
  return (
    <>
      <h1 class="sentence run-name">
        <Badge state={run.status} /> <code>{run.selection}</code>{" "}
        {run.partitions === "" ? null : <code class="faint">{run.partitions}</code>}
      </h1>
      <dl class="facts">
        <Fact name="Steps">
          {count(run.succeeded)} of {count(run.planned)}
          {[
            ["failed", run.failed] as const,
            ["skipped", run.skipped] as const,
            ["canceled", run.canceled] as const,
            ["running", run.running] as const,
          ]
            .filter(([, many]) => many > 0)
            .map(([what, many]) => (
              <Fragment key={what}>
                ,{" "}
                <span class={what === "failed" ? "bad-text" : undefined}>
                  {count(many)} {what}
                </span>
              </Fragment>
            ))}
        </Fact>
        <Fact name="Written">
          {counted(run.rows, "row")}, {bytes(run.bytes)}
        </Fact>
        <Fact name="Took">
          <Took from={run.startedAt} to={run.endedAt} />
        </Fact>
        <TimeLeft run={run} groups={groups.value?.items ?? []} />
        <Fact name="Asked for">
          <Ago at={run.createdAt} />
        </Fact>
        <Fact name="By">{run.triggerName === null ? run.trigger : `${run.trigger} ${run.triggerName}`}</Fact>
        {run.maxConcurrency === null ? null : <Fact name="At once">{run.maxConcurrency} steps</Fact>}
        {run.parent === null ? null : (
          <Fact name="Repeats">
            <a class="id" href={runHref(run.parent)}>
              {shortId(run.parent)}
            </a>
          </Fact>
        )}
        {run.cancelReason === null ? null : <Fact name="Canceled">{run.cancelReason}</Fact>}
        {run.unpublished === 0 ? null : <Fact name="To be published">{count(run.unpublished)}</Fact>}
      </dl>
      <Meter of={run} />
      <Again run={run} />
      {failures.value === undefined || failures.value.items.length === 0 ? null : (
        <>
          <h2>What failed</h2>
          {failures.value.items.map((step) => (
            <Failed key={step.n} step={step} />
          ))}
          {run.failed > failures.value.items.length ? (
            <p>
              <a href={`${runHref(run.id)}?view=steps&status=failed`}>All {count(run.failed)} that failed</a>
            </p>
          ) : null}
        </>
      )}
      <div class="row">
        <h2 class="grow">What it makes</h2>
        <Choices
          name="view"
          label="Shown by"
          values={Object.keys(views)}
          chosen={view}
          says={(name) => views[name as keyof typeof views]}
          resets={["chosen", "status", "after"]}
        />
      </div>
      {run.planned === 0 ? (
        <Empty
          says="There was nothing to do: everything asked for is made. To make it again:"
          command={makeAnyway(run)}
        />
      ) : view === "lines" ? (
        <Loaded of={groups}>{({ items }) => <Lines run={run} groups={items} />}</Loaded>
      ) : view === "partitions" ? (
        <Loaded of={groups}>{({ items }) => <ByPartition groups={items} />}</Loaded>
      ) : view === "steps" ? (
        <Steps run={run} />
      ) : (
        <RunEvents run={run.id} />
      )}
      {chosen === null ? null : <StepPanel run={run} n={Number(chosen)} />}
    </>
  );
}

/** The logs of what failed, and failed steps and lines wherever they are listed. */
const failuresOnPage = (): readonly HTMLElement[] => [
  ...document.querySelectorAll<HTMLElement>("main section.error button, main tr:has(.badge.bad) td a"),
];

/** By the pace so far. */
function TimeLeft({
  run,
  groups,
}: {
  readonly run: RunDetail;
  readonly groups: readonly RunGroup[];
}): JSX.Element | null {
  const ended = run.succeeded + run.failed + run.skipped + run.canceled;
  if (run.endedAt !== null || run.startedAt === null || ended < 3) return null;
  const elapsed = (now.value - new Date(run.startedAt).getTime()) / 1000;
  const left = run.planned - ended;
  const isUneven = groups.some(({ meanSeconds }) => meanSeconds === null);
  return (
    <Fact name="Left">
      {isUneven ? "at least " : "about "}
      {span((elapsed / ended) * left)} ({(ended / elapsed).toPrecision(2)} steps/s)
    </Fact>
  );
}

function Failed({ step }: { readonly step: Step }): JSX.Element {
  return (
    <section class="error">
      <h3>
        {step.name}
        {step.partitions === "" ? "" : `@${step.partitions}`}{" "}
        <button type="button" class="quiet" onClick={() => setQuery({ step: String(step.n) })}>
          log
        </button>
      </h3>
      {step.error === null ? null : (
        <>
          <p class="message">
            <strong>{step.error.code}</strong> {step.error.message}
          </p>
          {step.error.hint === undefined ? null : <p>{step.error.hint}</p>}
        </>
      )}
    </section>
  );
}
