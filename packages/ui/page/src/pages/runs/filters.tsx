/** Which runs are listed: by state, asset, what asked for them, and day. The address keeps it. */
import type { Lineage, Page, Run, Schedule } from "@iroko/core/client";
import type { JSX } from "preact";
import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { StateFilter } from "../../parts/choices.tsx";
import { place, setQuery } from "../../router.ts";

const statuses = ["queued", "running", "succeeded", "failed", "canceled"] as const satisfies readonly Run["status"][];
const triggers = ["cli", "api", "schedule", "retry", "verify", "observe"] as const satisfies readonly Run["trigger"][];
const names = ["status", "asset", "by", "from", "to"] as const;
const mostOffered = 50;

type Filters = Readonly<Record<(typeof names)[number], string>>;

export function filtersOf(query: URLSearchParams): Filters {
  const [status, asset, by, from, to] = names.map((name) => query.get(name) ?? "");
  return { status: status!, asset: asset!, by: by!, from: from!, to: to! };
}

export const isFiltered = (filters: Filters): boolean => names.some((name) => filters[name] !== "");

/** What the server is asked: from the beginning of one day to the end of another, in UTC. It refuses what is no day. */
export function filterInput({ from, to, ...rest }: Filters): Readonly<Record<string, string>> {
  const end = new Date(`${to}T24:00:00Z`);
  return {
    ...rest,
    since: from === "" ? "" : `${from}T00:00:00Z`,
    until: Number.isNaN(end.getTime()) ? to : end.toISOString(),
  };
}

export function RunFilters(): JSX.Element {
  const filters = filtersOf(place.value.query);
  const [isUsed, setUsed] = useState(false);
  const known = useResource<Lineage>(isUsed ? address("/lineage", { whole: true }) : undefined, { namesOnly: true });
  const schedules = useResource<Page<Schedule>>(isUsed ? address("/schedules") : undefined, { namesOnly: true });
  const askers = useMemo(
    () => [...(schedules.value?.items ?? []).map(({ key }) => key), ...triggers],
    [schedules.value],
  );
  const change = (name: keyof Filters, value: string): void => setQuery({ [name]: value, after: null });
  return (
    <>
      <StateFilter states={statuses} chosen={filters.status} />
      <form class="filters" onSubmit={(event) => event.preventDefault()} onFocusCapture={() => setUsed(true)}>
        <Named
          label="Asset"
          value={filters.asset}
          offers={known.value?.keys ?? []}
          onChange={(key) => change("asset", key)}
        />
        <Named label="Asked for by" value={filters.by} offers={askers} onChange={(by) => change("by", by)} />
        <Day label="From" value={filters.from} onChange={(day) => change("from", day)} />
        <Day label="To" value={filters.to} onChange={(day) => change("to", day)} />
        {isFiltered(filters) ? (
          <button
            type="button"
            class="quiet"
            onClick={() => setQuery({ ...Object.fromEntries(names.map((name) => [name, null])), after: null })}
          >
            Clear
          </button>
        ) : null}
      </form>
    </>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A name out of those that there are, completed by the browser; taken at Enter, or when the field is left. */
function Named({ label, value, offers, onChange }: FieldProps & { readonly offers: readonly string[] }): JSX.Element {
  const list = useId();
  const [typed, type] = useState(value);
  useEffect(() => type(value), [value]);
  const wanted = typed.trim().toLowerCase();
  const offered = offers.filter((each) => each.toLowerCase().includes(wanted)).slice(0, mostOffered);
  return (
    <label class="field">
      {label}
      <input
        class="id"
        list={list}
        value={typed}
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => type(currentTarget.value)}
        onChange={({ currentTarget }) => onChange(currentTarget.value.trim())}
      />
      <datalist id={list}>
        {offered.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </label>
  );
}

function Day({ label, value, onChange }: FieldProps): JSX.Element {
  return (
    <label class="field" title="Days in UTC">
      {label}
      <input type="date" value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)} />
    </label>
  );
}
