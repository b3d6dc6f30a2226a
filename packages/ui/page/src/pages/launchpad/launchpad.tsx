/** Make something: what and which partitions, first as a plan that costs nothing, then applied just as it was shown. */
import type { KeptPlan } from "@iroko/core/client";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { address, ApiError, post } from "../../api/get.ts";
import { useTitle } from "../../app.tsx";
import { Act } from "../../parts/act.tsx";
import { Command } from "../../parts/command.tsx";
import { applyPlan, materialize } from "../../parts/commands.ts";
import { Failure } from "../../parts/failure.tsx";
import { runHref } from "../../parts/links.ts";
import { Press } from "../../parts/press.tsx";
import { go, place, setQuery } from "../../router.ts";
import { ConfigForm } from "./config-form.tsx";
import { problemsIn } from "./config-problems.ts";
import { PlanView } from "./plan-view.tsx";
import { requestOf, type Field } from "./request.ts";

export default function Launchpad(): JSX.Element {
  useTitle("Launchpad");
  const { query } = place.value;
  const [plan, setPlan] = useState<KeptPlan | undefined>(undefined);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const { plan: wanted, how } = requestOf(query);
  const asked = JSON.stringify(wanted);
  // A plan is of just what was asked; another request has none yet.
  useEffect(() => {
    setPlan(undefined);
    setFailure(undefined);
  }, [asked]);

  const look = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      setPlan(await post<KeptPlan>(address("/plans"), requestOf(place.peek().query).plan));
    } catch (error) {
      setPlan(undefined);
      setFailure(error instanceof ApiError ? error : new ApiError("PAGE_FAILED", String(error), undefined, 0));
    } finally {
      setBusy(false);
    }
  };
  const apply = async (): Promise<void> => {
    try {
      const { run } = await post<{ readonly run: string }>(address("/plans/{id}/apply", { id: plan!.id }), how);
      go(runHref(run));
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "PLAN_OUT_OF_DATE") throw error;
      setPlan(undefined);
      setFailure(error);
    }
  };

  return (
    <>
      <h1>Launchpad</h1>
      <form
        class="panel launch"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <Text
          name="select"
          label="Assets, in the selection grammar"
          placeholder="+daily_revenue"
          class="wide-field"
          required
        />
        <Text
          name="partitions"
          label="Partitions"
          placeholder="2026-11-01..2026-11-20, last:7, missing, failed, stale, all"
          class="wide-field"
        />
        <Choice
          name="order"
          label="Order"
          values={[
            ["", "as defined"],
            ["oldest", "oldest first"],
            ["newest", "newest first"],
            ["list", "as listed"],
          ]}
        />
        <Choice name="backfill" label="Steps" values={policies(query.get("backfill") ?? "")} />
        <Choice
          name="checks"
          label="Standalone checks"
          values={[
            ["", "with the rest"],
            ["only", "nothing else"],
            ["none", "none"],
          ]}
        />
        <Text name="maxConcurrency" label="Steps at once, at most" placeholder="no limit" pattern="[1-9]\d*" />
        <Text name="priority" label="Priority" placeholder="0; higher goes first" pattern="-?\d+" />
        <Text name="location" label="Code location" placeholder="where there are several" />
        <label class="check">
          <input
            type="checkbox"
            checked={query.get("force") === "true"}
            onChange={({ currentTarget }) => setQuery({ force: currentTarget.checked ? "true" : null })}
          />{" "}
          also where nothing has changed
        </label>
        <ConfigForm select={wanted.select} location={wanted.location} problems={problemsIn(failure)} />
        <p class="row wide-field">
          <Press tone="primary" isBusy={isBusy}>
            {isBusy ? "Planning …" : "Show the plan"}
          </Press>
          <Command text={materialize({ ...wanted, ...how })} />
        </p>
      </form>
      {failure === undefined ? null : failure.code === "PLAN_OUT_OF_DATE" ? (
        <Moved error={failure} again={look} />
      ) : (
        <Failure error={failure} />
      )}
      {plan === undefined ? (
        <p class="faint">
          Nothing runs before you apply the plan: it says which partitions, in which order, why, and what it will cost.
        </p>
      ) : (
        <PlanView plan={plan.plan}>
          <Act act={apply} tone="primary">
            Apply this plan
          </Act>
          <Command text={applyPlan(plan.id, how)} />
        </PlanView>
      )}
    </>
  );
}

interface TextProps {
  readonly name: Field;
  readonly label: string;
  readonly placeholder: string;
  readonly class?: string;
  readonly pattern?: string;
  readonly required?: boolean;
}

function Text({ name, label, class: own = "", ...rest }: TextProps): JSX.Element {
  return (
    <label class={`field ${own}`}>
      {label}
      <input
        {...rest}
        name={name}
        class="id"
        value={place.value.query.get(name) ?? ""}
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => setQuery({ [name]: currentTarget.value })}
      />
    </label>
  );
}

interface ChoiceProps {
  readonly name: Field;
  readonly label: string;
  readonly values: readonly (readonly [value: string, says: string])[];
}

function Choice({ name, label, values }: ChoiceProps): JSX.Element {
  return (
    <label class="field">
      {label}
      <select
        name={name}
        value={place.value.query.get(name) ?? ""}
        onChange={({ currentTarget }) => setQuery({ [name]: currentTarget.value })}
      >
        {values.map(([value, says]) => (
          <option key={value} value={value}>
            {says}
          </option>
        ))}
      </select>
    </label>
  );
}

/** @param chosen a link may ask for steps of any size */
function policies(chosen: string): ChoiceProps["values"] {
  const sizes = new Set(["10", "100", ...(/^\d+$/.test(chosen) ? [chosen] : [])]);
  return [
    ["", "as defined"],
    ["perPartition", "one a partition"],
    ["range", "one for the whole range"],
    ...Array.from(sizes, (size) => [size, `${size} partitions each`] as const),
  ];
}

/** What the plan rested on is not as it was: what of it, and a new one. */
function Moved({ error, again }: { readonly error: ApiError; readonly again: () => Promise<void> }): JSX.Element {
  const { moved } = error.details as { readonly moved?: readonly string[] };
  return (
    <section class="error" role="alert">
      <p class="message">
        <strong>{error.code}</strong> Nothing was started: what the plan rests on has moved since it was made.
      </p>
      <ul>
        {(moved ?? [error.message]).map((what) => (
          <li key={what}>{what}</li>
        ))}
      </ul>
      <Act act={again} tone="primary">
        Plan again
      </Act>
    </section>
  );
}
