/** A run of what the next tick asks for, now: planned first, so that what is missing of its config is told before anything runs. */
import type { HowInput, KeptPlan, PlanInput, Schedule } from "@iroko/core/client";
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { address, ApiError, post } from "../../api/get.ts";
import { Act } from "../../parts/act.tsx";
import { counted } from "../../parts/amounts.ts";
import { Failure } from "../../parts/failure.tsx";
import { launchpadHref, runHref } from "../../parts/links.ts";
import { LaunchLink } from "../../parts/press.tsx";
import { go } from "../../router.ts";
import { planSentence } from "../launchpad/plan-sentence.ts";
import { queryOf } from "../launchpad/request.ts";

interface RunNow {
  readonly button: JSX.Element | null;
  /** What pressing it has found out. */
  readonly told: JSX.Element | null;
}

interface Found {
  readonly asked: PlanInput & HowInput;
  readonly plan: KeptPlan | undefined;
  readonly failure: ApiError | undefined;
  /** Why the last that has ended is made in place of what the next tick asks for. */
  readonly isOpen: string | undefined;
}

export function useRunNow({ key, next }: Schedule, request: PlanInput & HowInput): RunNow {
  const found = useSignal<Found | undefined>(undefined);
  if (next.length === 0) return { button: null, told: null };
  const look = async (): Promise<void> => {
    found.value = undefined;
    const first = await planned(request);
    if (first.failure?.code !== "PARTITION_OPEN") return void (found.value = first);
    found.value = { ...(await planned({ ...request, partitions: "last:1" })), isOpen: first.failure.message };
  };
  const close = (): void => void (found.value = undefined);
  return {
    button: <Act act={look}>Run it now</Act>,
    told:
      found.value === undefined ? null : found.value.failure === undefined ? (
        <Planned of={key} found={found.value} close={close} />
      ) : (
        <Refused error={found.value.failure} request={found.value.asked} close={close} />
      ),
  };
}

async function planned(asked: PlanInput & HowInput): Promise<Found> {
  const { priority: _priority, maxConcurrency: _atOnce, ...wanted } = asked;
  const nothing = { asked, plan: undefined, failure: undefined, isOpen: undefined };
  try {
    return { ...nothing, plan: await post<KeptPlan>(address("/plans"), wanted) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { ...nothing, failure: error };
  }
}

interface PlannedProps {
  readonly of: string;
  readonly found: Found;
  readonly close: () => void;
}

function Planned({ of, found: { asked, plan: kept, isOpen }, close }: PlannedProps): JSX.Element {
  const { id, plan } = kept!;
  const apply = async (): Promise<void> => {
    const { priority, maxConcurrency } = asked;
    const how = {
      ...(priority === undefined ? {} : { priority }),
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    };
    const { run } = await post<{ readonly run: string }>(address("/plans/{id}/apply", { id }), how);
    go(runHref(run));
  };
  return (
    <section class="notice panel calm" aria-label={`What a run of ${of} makes now`}>
      {isOpen === undefined ? null : <p>{isOpen} So this is of the last partition that has ended:</p>}
      <p>
        {plan.steps === 0 ? (
          "There is nothing to do: all of it is made and fresh."
        ) : (
          <>
            <strong>
              {counted(plan.steps, "step")} to make {counted(plan.materializations, "partition")}.
            </strong>{" "}
            {planSentence(plan)}
          </>
        )}
      </p>
      <div class="row">
        {plan.steps === 0 ? null : (
          <Act act={apply} tone="primary">
            Apply this plan
          </Act>
        )}
        <LaunchLink href={launchpadHref(queryOf(asked))}>Look at it on the launchpad</LaunchLink>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </section>
  );
}

interface RefusedProps {
  readonly error: ApiError;
  readonly request: PlanInput & HowInput;
  readonly close: () => void;
}

/** Nothing has run; what is lacking of a config can be given on the launchpad. */
function Refused({ error, request, close }: RefusedProps): JSX.Element {
  return (
    <>
      <Failure error={error} />
      <p class="row">
        <LaunchLink tone="primary" href={launchpadHref(queryOf(request))}>
          {error.code === "CONFIG_INVALID" ? "Give it on the launchpad" : "Look at it on the launchpad"}
        </LaunchLink>
        <button type="button" onClick={close}>
          Close
        </button>
      </p>
    </>
  );
}
