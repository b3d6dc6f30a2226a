/** What is done with a run: canceled while it runs; made again when it has ended, what failed of it, all of it, or some. */
import type { RunDetail } from "@iroko/core/client";
import type { JSX } from "preact";
import { Act } from "../../parts/act.tsx";
import { cancelRun, repeatRun } from "../../parts/acts.ts";
import { Command } from "../../parts/command.tsx";
import { retryRun } from "../../parts/commands.ts";
import { launchpadHref } from "../../parts/links.ts";
import { LaunchLink } from "../../parts/press.tsx";
import { place, setQuery } from "../../router.ts";
import { nothingChosen, repetitionIn, type Repetition } from "./choose-again.ts";

interface AgainProps {
  readonly run: RunDetail;
}

export function Again({ run }: AgainProps): JSX.Element {
  const wanted = repetitionIn(place.value.query);
  const isChosen = wanted.select !== "" || wanted.partitions !== "";
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
function Some({ run, select, partitions, fromStart }: AgainProps & Repetition): JSX.Element {
  const body = {
    ...(select === "" ? {} : { select }),
    ...(partitions === "" ? {} : { partitions }),
    ...(fromStart ? { fromStart } : {}),
  };
  return (
    <section class="panel launch" aria-label="What is made again">
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
      <label class="check">
        <input
          type="checkbox"
          checked={fromStart}
          onChange={({ currentTarget }) => setQuery({ whole: currentTarget.checked ? "true" : null })}
        />{" "}
        also what has succeeded
      </label>
      <p class="row wide-field">
        <Act act={() => repeatRun(run.id, body)} tone="primary">
          Make these again
        </Act>
        <button type="button" onClick={() => setQuery(nothingChosen)}>
          Choose nothing
        </button>
        <Command text={retryRun({ id: run.id, ...body })} />
      </p>
    </section>
  );
}

/** A run that goes on cannot be retried; what it has made or failed can be made by another one. */
function Anew({ select, partitions }: AgainProps & Repetition): JSX.Element {
  return (
    <section class="panel row" aria-label="What is made again">
      <code class="prose">{select}</code>
      <code class="prose">{partitions}</code>
      <span class="faint">The run has not ended: another one can make these.</span>
      <LaunchLink tone="primary" href={launchpadHref({ select, partitions })}>
        Plan these
      </LaunchLink>
      <button type="button" onClick={() => setQuery(nothingChosen)}>
        Choose nothing
      </button>
    </section>
  );
}
