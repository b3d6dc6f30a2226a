/** What a schedule's ticks asked for, and why: the last few, or all of them page by page. */
import type { Page, Schedule, Tick } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { Badge } from "../../parts/badge.tsx";
import { runHref, shortId } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Pager } from "../../parts/pager.tsx";
import { Ranges } from "../../parts/ranges.tsx";
import { Said } from "../../parts/said.tsx";
import { Time } from "../../parts/time.tsx";
import { place, setQuery } from "../../router.ts";

interface TicksProps {
  readonly schedule: Schedule;
}

export function Ticks({ schedule }: TicksProps): JSX.Element {
  const { location, key, timezone, ticks } = schedule;
  const id = `${location}/${key}`;
  const isAll = place.value.query.get("ticks") === id;
  return (
    <div>
      <h3>{isAll ? "All ticks" : "Last ticks"}</h3>
      {isAll ? <AllTicks schedule={schedule} /> : <List ticks={ticks} timezone={timezone} />}
      {ticks.length === 0 ? null : (
        <p class="row">
          <button type="button" class="quiet" onClick={() => setQuery({ ticks: isAll ? null : id, before: null })}>
            {isAll ? "Only the last" : "All ticks"}
          </button>
        </p>
      )}
    </div>
  );
}

function AllTicks({ schedule: { location, key, timezone } }: TicksProps): JSX.Element {
  const before = place.value.query.get("before");
  const page = useResource<Page<Tick>>(
    address("/schedules/{location}/{key}/ticks", { location, key, after: before, limit: 50 }),
  );
  return (
    <Loaded of={page}>
      {({ items, cursor }) => (
        <>
          <List ticks={items} timezone={timezone} />
          <Pager name="before" cursor={cursor} first="Newest" next="Older" />
        </>
      )}
    </Loaded>
  );
}

function List({ ticks, timezone }: { readonly ticks: readonly Tick[]; readonly timezone: string }): JSX.Element {
  if (ticks.length === 0) return <p class="faint">None yet.</p>;
  return (
    <ul class="list ticks">
      {ticks.map(({ scheduledFor, status, partitions, reason, run, observation }) => (
        <li key={scheduledFor}>
          <Time at={scheduledFor} zone={timezone} />
          <Badge state={status} />
          <span class="what">
            {run === null ? null : (
              <a class="id" href={runHref(run)} title={run}>
                {shortId(run)}
              </a>
            )}{" "}
            <Ranges text={partitions ?? ""} />
          </span>
          {reason === null ? null : (
            <span class="note">
              <Said text={reason} zone={timezone} />
            </span>
          )}
          {observation === null ? null : (
            <span class="note">
              <a href={runHref(observation)}>looked at its sources</a>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
