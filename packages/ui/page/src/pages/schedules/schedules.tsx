/** Schedules: on or paused, what each tick asked for and why, what the next ones will. */
import type { HowInput, Page, PlanInput, Schedule } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { useTitle } from "../../app.tsx";
import { Act } from "../../parts/act.tsx";
import { pauseSchedule } from "../../parts/acts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/command.tsx";
import { deploy } from "../../parts/commands.ts";
import { Fact } from "../../parts/fact.tsx";
import { launchpadHref, lineageHref } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { LaunchLink } from "../../parts/press.tsx";
import { Ago } from "../../parts/time.tsx";
import { queryOf } from "../launchpad/request.ts";
import { NextTicks } from "./next-ticks.tsx";
import { useRunNow } from "./run-now.tsx";
import { Ticks } from "./ticks.tsx";

export default function Schedules(): JSX.Element {
  useTitle("Schedules");
  const schedules = useResource<Page<Schedule>>(address("/schedules", { ticks: 8 }));
  return (
    <>
      <h1>Schedules</h1>
      <Loaded of={schedules} rows={8}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              says="No schedule is defined. Add one to your definitions: schedule({ key, job, cron }). Then:"
              command={deploy}
            />
          ) : (
            items.map((schedule) => <One key={`${schedule.location} ${schedule.key}`} schedule={schedule} />)
          )
        }
      </Loaded>
    </>
  );
}

function One({ schedule }: { readonly schedule: Schedule }): JSX.Element {
  const { key, job, selection, cron, timezone, enabled, paused, pausedAt, catchUp } = schedule;
  const request = requestOf(schedule);
  const { button, told } = useRunNow(schedule, request);
  return (
    <section class="panel schedule" id={key}>
      <div class="row">
        <h2 class="grow">{key}</h2>
        <Badge state={!enabled ? "off" : paused ? "paused" : "on"}>
          {!enabled ? "off by its definition" : paused ? "paused" : "on"}
        </Badge>
        {enabled ? <Act act={() => pauseSchedule(schedule, !paused)}>{paused ? "Resume" : "Pause"}</Act> : null}
        {button}
        <LaunchLink href={launchpadHref(queryOf(request))}>Plan a run of its job</LaunchLink>
      </div>
      {schedule.description === null ? null : <p class="prose">{schedule.description}</p>}
      {told}
      <dl class="facts">
        <Fact name="Cron">
          <code>{cron}</code> in {timezone}
        </Fact>
        <Fact name="Job">
          {job}: <a href={lineageHref(selection)}>{selection}</a>
        </Fact>
        <Fact name="Missed ticks">{missed[catchUp]}</Fact>
        {pausedAt === null ? null : (
          <Fact name="Paused">
            <Ago at={pausedAt} zone={timezone} />
          </Fact>
        )}
      </dl>
      <div class="halves">
        <Ticks schedule={schedule} />
        <NextTicks schedule={schedule} />
      </div>
    </section>
  );
}

const missed: Readonly<Record<Schedule["catchUp"], string>> = {
  merge: "become one run",
  each: "get a run each",
  skip: "are left out",
};

/** A run of its job as its next tick would ask for it. */
function requestOf({ location, selection, config, priority, maxConcurrency, next }: Schedule): PlanInput & HowInput {
  const partitions = next[0]?.partitions ?? "";
  return {
    select: selection,
    location,
    ...(partitions === "" ? {} : { partitions }),
    ...(Object.keys(config).length === 0 ? {} : { config }),
    ...(priority === 0 ? {} : { priority }),
    ...(maxConcurrency === null ? {} : { maxConcurrency }),
  };
}
