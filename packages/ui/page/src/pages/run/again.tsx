/** What is done with a run: canceled while it runs; made again when it has ended, what failed of it, all of it, or some. */
import type { RunDetail } from "@iroko/core/client";
import type { JSX } from "preact";
import { Act } from "../../parts/act.tsx";
import { cancelRun, repeatRun } from "../../parts/acts.ts";
import { Command } from "../../parts/command.tsx";
import { retryRun } from "../../parts/commands.ts";
import { Fact } from "../../parts/fact.tsx";
import { launchpadHref } from "../../parts/links.ts";
import { LaunchLink } from "../../parts/press.tsx";
import { Ranges } from "../../parts/ranges.tsx";
import { place, setQuery } from "../../router.ts";
import { nothingChosen, repetitionIn, type Repetition } from "./choose-again.ts";

interface AgainProps {
  readonly run: RunDetail;
}

export function Again({ run }: AgainProps): JSX.Element {
  const wanted = repetitionIn(place.value.query);
  const isChosen = wanted.select !== "" || wanted.partitions !== "" || wanted.only.length > 0;
  return (
    <>
      {run.endedAt === null ? <Cancel run={run} /> : <Whole run={run} />}
      {isChosen ? run.endedAt === null ? <Anew run={run} {...wanted} /> : <Some run={run} {...wanted} /> : null}
    </>
  );
}

function Cancel({ run }: AgainProps): JSX.Element {
  return (
    <p class="row">
      {run.cancelRequestedAt === null ? (
        <Act act={() => cancelRun(run.id)} tone="danger" confirm="Cancel this run? What is made stays.">
          Cancel
        </Act>
      ) : (
        <span class="faint">It is being canceled.</span>
      )}
    </p>
  );
}

function Whole({ run }: AgainProps): JSX.Element {
  const isDone = run.status === "succeeded";
  return (
    <p class="row">
      {isDone ? null : (
        <Act act={() => repeatRun(run.id)} tone="primary">
          Retry what did not succeed
        </Act>
      )}
      <Act act={() => repeatRun(run.id, { fromStart: true })}>Repeat all of it</Act>
      <Command text={retryRun({ id: run.id, fromStart: isDone })} />
    </p>
  );
}

/** Of a run that has ended: a retry keeps its inputs, clock and config. */
function Some({ run, select, partitions, only, fromStart }: AgainProps & Repetition): JSX.Element {
  const body = {
    ...(select === "" ? {} : { select }),
    ...(partitions === "" ? {} : { partitions }),
    ...(only.length === 0 ? {} : { only }),
    ...(fromStart ? { fromStart } : {}),
  };
  return (
    <section class="panel launch" aria-label="What is made again">
      {only.length > 0 ? (
        <Parts of={only} />
      ) : (
        <>
          <label class="field">
            Assets
            <input
              class="id"
              value={select}
              spellcheck={false}
              onInput={({ currentTarget }) => setQuery({ only: currentTarget.value })}
            />
          </label>
          <label class="field">
            Partitions
            <input
              class="id"
              value={partitions}
              placeholder="all that the run has of them"
              spellcheck={false}
              onInput={({ currentTarget }) => setQuery({ of: currentTarget.value })}
            />
          </label>
        </>
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={fromStart}
          onChange={({ currentTarget }) => setQuery({ whole: currentTarget.checked ? "true" : null })}
        />{" "}
        also what has succeeded
      </label>
      <div class="row wide-field">
        <Act act={() => repeatRun(run.id, body)} tone="primary">
          Make these again
        </Act>
        <button type="button" onClick={() => setQuery(nothingChosen)}>
          Choose nothing
        </button>
        <Command text={retryRun({ id: run.id, ...body })} />
      </div>
    </section>
  );
}

/** Each asset with the partitions that are made again of it. */
function Parts({ of }: { readonly of: Repetition["only"] }): JSX.Element {
  return (
    <dl class="facts wide-field again-parts">
      {of.map(({ select, partitions = "" }) => (
        <Fact key={select} name={select}>
          {partitions === "" ? <span class="faint">all that the run has of it</span> : <Ranges text={partitions} />}
        </Fact>
      ))}
    </dl>
  );
}

/** A run that goes on cannot be retried; what it has made or failed can be made by another one. */
function Anew({ select, partitions, only }: AgainProps & Repetition): JSX.Element {
  // A plan is of assets over partitions: where these differ, each is a plan of its own.
  const plans = only.length === 0 ? [{ select, partitions }] : only;
  return (
    <section class="panel" aria-label="What is made again">
      <p class="faint">
        The run has not ended: another one can make these{plans.length > 1 ? ", an asset at a time" : ""}.
      </p>
      {plans.map((part) => (
        <div key={part.select} class="row">
          <LaunchLink
            tone={plans.length === 1 ? "primary" : "plain"}
            href={launchpadHref({ select: part.select, partitions: part.partitions ?? "" })}
          >
            Plan {plans.length === 1 ? "these" : "it"}
          </LaunchLink>
          <code>{part.select}</code>
          <Ranges text={part.partitions ?? ""} />
        </div>
      ))}
      <p class="row">
        <button type="button" onClick={() => setQuery(nothingChosen)}>
          Choose nothing
        </button>
      </p>
    </section>
  );
}
