/** A schedule's next ticks and what each will ask for; on demand the plan that each would make if all stayed as it is. */
import type { Page, PreviewedTick, Schedule } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { counted } from "../../parts/amounts.ts";
import { DataTable } from "../../parts/data-table.tsx";
import { assetHref } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Ranges } from "../../parts/ranges.tsx";
import { Said } from "../../parts/said.tsx";
import { Ago, Time } from "../../parts/time.tsx";
import { place, setQuery } from "../../router.ts";

const mostShown = 4;

interface NextTicksProps {
  readonly schedule: Schedule;
}

export function NextTicks({ schedule }: NextTicksProps): JSX.Element {
  const { location, key, timezone, paused, next } = schedule;
  const id = `${location}/${key}`;
  const isPreviewed = place.value.query.get("preview") === id;
  return (
    <div>
      <h3>Next ticks</h3>
      {next.length === 0 ? (
        <p class="faint">{paused ? "None while it is paused." : "None."}</p>
      ) : (
        <>
          <List ticks={next.slice(0, mostShown)} timezone={timezone} />
          {next.length <= mostShown ? null : (
            <details>
              <summary>{next.length - mostShown} more</summary>
              <List ticks={next.slice(mostShown)} timezone={timezone} />
            </details>
          )}
          <p class="row">
            <button
              type="button"
              class="quiet"
              aria-expanded={isPreviewed}
              onClick={() => setQuery({ preview: isPreviewed ? null : id })}
            >
              {isPreviewed ? "Hide what the next one makes" : "What the next one makes"}
            </button>
          </p>
          {isPreviewed ? <Preview schedule={schedule} /> : null}
        </>
      )}
    </div>
  );
}

interface ListProps extends Pick<Schedule, "timezone"> {
  readonly ticks: Schedule["next"];
}

function List({ ticks, timezone }: ListProps): JSX.Element {
  return (
    <ul class="list ticks">
      {ticks.map(({ at, partitions, reason }, place) => (
        <li key={at}>
          <Time at={at} zone={timezone} />
          <span class="faint">
            <Ago at={at} zone={timezone} />
          </span>
          <span class="what">
            <Ranges text={partitions} />
          </span>
          {place > 0 && kindOf(reason) === kindOf(ticks[place - 1]!.reason) ? null : (
            <span class="note">
              <Said text={reason} zone={timezone} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** A reason that is another only by its times goes without saying. */
const kindOf = (reason: string): string => reason.replaceAll(/\d/g, "");

function Preview({ schedule: { location, key } }: NextTicksProps): JSX.Element {
  const page = useResource<Page<PreviewedTick>>(
    address("/schedules/{location}/{key}/preview", { location, key, limit: 1 }),
  );
  return (
    <Loaded of={page}>
      {({ items }) => (
        <>
          {items.map(({ at, plan, problem, reason }) =>
            plan === undefined ? (
              <p key={at} class={problem === undefined ? "faint" : "bad-text"}>
                {problem ?? reason}
              </p>
            ) : (
              <section key={at} aria-label="What the next tick makes">
                <p>
                  {counted(plan.steps, "step")} to make {counted(plan.materializations, "partition")}, as things are
                  now.
                </p>
                <DataTable
                  rows={plan.assets}
                  keyOf={({ asset, partitions, reason: why }) => `${asset} ${partitions} ${why}`}
                  columns={[
                    {
                      title: "Asset",
                      cell: ({ asset }) => (
                        <a class="clip" href={assetHref(asset)} title={asset}>
                          {asset}
                        </a>
                      ),
                    },
                    {
                      title: "Partitions",
                      cell: ({ partitions }) => <Ranges text={partitions} />,
                    },
                    { title: "Steps", holds: "number", cell: ({ steps }) => steps },
                    { title: "Why", holds: "prose", cell: ({ reason: why }) => why },
                  ]}
                />
              </section>
            ),
          )}
        </>
      )}
    </Loaded>
  );
}
