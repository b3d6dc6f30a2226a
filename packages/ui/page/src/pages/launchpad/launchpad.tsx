/** Make something: what and which partitions, first as a plan that costs nothing, then applied just as it was shown. */
import type { KeptPlan } from "@iroko/core/client";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { address, ApiError, post } from "../../api/get.ts";
import { whyNotOperate } from "../../api/session.ts";
import { useTitle } from "../../app.tsx";
import { Act } from "../../parts/act.tsx";
import { Command } from "../../parts/command.tsx";
import { applyPlan, materialize } from "../../parts/commands.ts";
import { Failure } from "../../parts/failure.tsx";
import { runHref } from "../../parts/links.ts";
import { go, place, setQuery } from "../../router.ts";
import { PlanView } from "./plan-view.tsx";
import { fields, requestOf, type Field } from "./request.ts";

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
    const { run } = await post<{ readonly run: string }>(address("/plans/{id}/apply", { id: plan!.id }), how);
    go(runHref(run));
  };

  const field = (
    name: Field,
    label: string,
    options: { readonly placeholder?: string; readonly wide?: boolean; readonly required?: boolean } = {},
  ): JSX.Element => (
    <label class={options.wide === true ? "field wide-field" : "field"}>
      {label}
      <input
        name={name}
        class="id"
        value={query.get(name) ?? ""}
        placeholder={options.placeholder}
        required={options.required}
        spellcheck={false}
        autocomplete="off"
        onChange={({ currentTarget }) => setQuery({ [name]: currentTarget.value })}
      />
    </label>
  );
  const choice = (name: Field, label: string, values: readonly (readonly [string, string])[]): JSX.Element => (
    <label class="field">
      {label}
      <select
        name={name}
        value={query.get(name) ?? ""}
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

  return (
    <>
      <h1>Launchpad</h1>
      <form
        class="panel launch"
        onSubmit={(event) => {
          event.preventDefault();
          const data = new FormData(event.currentTarget);
          setQuery(Object.fromEntries(fields.map((name) => [name, textIn(data, name)])));
          void look();
        }}
      >
        {field("select", "Assets, in the selection grammar", {
          placeholder: "+daily_revenue",
          wide: true,
          required: true,
        })}
        {field("partitions", "Partitions", {
          placeholder: "2026-11-01..2026-11-20, last:7, missing, failed, stale, all",
          wide: true,
        })}
        {choice("order", "Order", [
          ["", "as defined"],
          ["oldest", "oldest first"],
          ["newest", "newest first"],
          ["list", "as listed"],
        ])}
        {choice("backfill", "Steps", [
          ["", "as defined"],
          ["perPartition", "one a partition"],
          ["range", "one for the whole range"],
          ["10", "ten partitions each"],
          ["100", "a hundred partitions each"],
        ])}
        {choice("checks", "Standalone checks", [
          ["", "with the rest"],
          ["only", "nothing else"],
          ["none", "none"],
        ])}
        {field("maxConcurrency", "Steps at once, at most", { placeholder: "no limit" })}
        {field("location", "Code location", { placeholder: "where there are several" })}
        <label class="check">
          <input
            type="checkbox"
            checked={query.get("force") === "true"}
            onChange={({ currentTarget }) => setQuery({ force: currentTarget.checked ? "true" : null })}
          />{" "}
          also what nothing has changed of
        </label>
        <p class="row wide-field">
          <button class="primary" disabled={isBusy || whyNotOperate.value !== undefined} title={whyNotOperate.value}>
            {isBusy ? "Planning …" : "Show the plan"}
          </button>
          <Command text={materialize({ ...wanted, ...how })} />
        </p>
      </form>
      {failure === undefined ? null : <Failure error={failure} />}
      {plan === undefined ? (
        <p class="faint">
          Nothing runs before you apply the plan: it says which partitions, in which order, why, and what it will cost.
        </p>
      ) : (
        <>
          <PlanView plan={plan.plan} />
          {plan.plan.steps === 0 ? null : (
            <p class="row">
              <Act act={apply} tone="primary">
                Apply this plan
              </Act>
              <Command text={applyPlan(plan.id, how)} />
            </p>
          )}
        </>
      )}
    </>
  );
}

function textIn(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === "string" ? value : "";
}
