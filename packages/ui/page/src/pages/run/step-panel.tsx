/** One step beside its run: why it stands so, its deaths, its attempts, and what it printed, live. */
import type { Attempt, LogStream, RunDetail, Step } from "@iroko/core/client";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { Badge } from "../../parts/badge.tsx";
import { Choices } from "../../parts/choices.tsx";
import { Command } from "../../parts/command.tsx";
import { runLogs } from "../../parts/commands.ts";
import { Failure } from "../../parts/failure.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Ago, Took } from "../../parts/time.tsx";
import { place, setQuery } from "../../router.ts";
import { useAttempts } from "./attempts.ts";
import { StepEvents } from "./events.tsx";
import { Log } from "./log.tsx";

export function StepPanel({ run, n }: { readonly run: RunDetail; readonly n: number }): JSX.Element {
  const step = useResource<Step>(address("/runs/{id}/steps/{n}", { id: run.id, n }), { run: run.id });
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.scrollIntoView({ block: "nearest" }), [n]);
  return (
    <section class="panel step" ref={panel} aria-label={`Step ${n}`}>
      <Loaded of={step} rows={6}>
        {(known) => <Told run={run} step={known} />}
      </Loaded>
    </section>
  );
}

/** What it printed, all or by stream, and what happened to it. */
const told = ["all", "stdout", "stderr", "log", "events"] as const;
const streamOf = (shown: (typeof told)[number]): LogStream | undefined =>
  shown === "all" || shown === "events" ? undefined : shown;

function Told({ run, step }: { readonly run: RunDetail; readonly step: Step }): JSX.Element {
  const shown = told.find((each) => each === place.value.query.get("log")) ?? "all";
  const asked = Number(place.value.query.get("attempt") ?? Number.NaN);
  const earlier = useAttempts(run, [step]).get(step.n) ?? [];
  const attempt = Number.isInteger(asked) && asked >= 1 && asked <= step.attempt ? asked : Math.max(1, step.attempt);
  return (
    <>
      <div class="row">
        <h2 class="grow">
          {step.name}
          {step.partitions === "" ? "" : `@${step.partitions}`}
        </h2>
        <button
          type="button"
          onClick={() => setQuery({ step: null, attempt: null, find: null, log: null, before: null })}
          aria-label="Close the step"
        >
          Close
        </button>
      </div>
      <p>
        <Badge state={step.status} /> <span class="prose">{step.why}</span>
      </p>
      <dl class="facts">
        <div>
          <dt>Started</dt>
          <dd>
            <Ago at={step.startedAt} />
          </dd>
        </div>
        <div>
          <dt>Took</dt>
          <dd>
            <Took from={step.startedAt} to={step.endedAt} />
          </dd>
        </div>
        <div>
          <dt>Attempts</dt>
          <dd>
            {step.attempt}
            {step.lostAttempts > 0 ? `, ${step.lostAttempts} of them lost with their worker` : ""}
          </dd>
        </div>
        {step.worker === null ? null : (
          <div>
            <dt>Worker</dt>
            <dd class="id">{step.worker.slice(-8)}</dd>
          </div>
        )}
      </dl>
      {step.deaths.length === 0 ? null : (
        <details>
          <summary>Deaths: {step.deaths.length}</summary>
          <ul>
            {step.deaths.map((death, at) => (
              <li key={at}>
                attempt {death.attempt}: its {death.of === "child" ? "process" : "worker"}, {death.cause}
                {death.signal == null ? "" : ` (${death.signal})`}
                {death.lastLines === undefined || death.lastLines.length === 0 ? null : (
                  <pre class="log">{death.lastLines.join("\n")}</pre>
                )}
              </li>
            ))}
          </ul>
        </details>
      )}
      {step.attempt < 2 ? null : (
        <p class="row">
          <Choices
            name="attempt"
            label="Attempts"
            values={Array.from({ length: Math.min(step.attempt, 30) }, (_, at) =>
              String(step.attempt - at),
            ).toReversed()}
            chosen={String(attempt)}
          />
        </p>
      )}
      <Outcome step={step} attempt={attempt} earlier={earlier} />
      <p class="row">
        <Choices name="log" label="What is told of it" values={told} chosen={shown} resets={["before"]} />
      </p>
      {shown === "events" ? (
        <StepEvents run={run.id} step={step.n} />
      ) : step.attempt === 0 ? (
        <p class="faint">It has not begun: there is no log yet.</p>
      ) : (
        <Log
          key={`${step.n} ${attempt}`}
          run={run.id}
          step={step.n}
          attempt={attempt}
          stream={streamOf(shown)}
          isLive={step.status === "running" && attempt === step.attempt}
        />
      )}
      <p class="row">
        <Command text={runLogs(run.id, step.n, step.status === "running", streamOf(shown))} />
      </p>
    </>
  );
}

interface OutcomeProps {
  readonly step: Step;
  readonly attempt: number;
  readonly earlier: readonly Attempt[];
}

/** How the attempt that is looked at went, and what came after it. */
function Outcome({ step, attempt, earlier }: OutcomeProps): JSX.Element | null {
  const ended = earlier.find((each) => each.attempt === attempt);
  if (ended === undefined)
    return step.error === null || attempt !== step.attempt ? null : <Failure error={step.error} />;
  const { outcome, error, reason, startedAt, endedAt, retryAt } = ended;
  return (
    <>
      <p>
        <Badge state={outcome}>{outcome === "lost" ? "lost with its worker" : outcome}</Badge> after{" "}
        <Took from={startedAt} to={endedAt} />: <span class="prose">{reason}</span>
        {retryAt === null ? null : (
          <>
            , tried again <Ago at={retryAt} />
          </>
        )}
      </p>
      {error === null ? null : <Failure error={error} />}
    </>
  );
}
