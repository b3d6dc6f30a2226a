/** Schedules: on or paused, what each tick asked for and why, what the next ones will. */
import type { Page, Schedule } from "@iroko/core/client";
import type { JSX } from "preact";
import { address, post } from "../../api/get.ts";
import { refresh, useResource } from "../../api/resource.ts";
import { useTitle } from "../../app.tsx";
import { Act } from "../../parts/act.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/command.tsx";
import { deploy } from "../../parts/commands.ts";
import { lineageHref, runHref, shortId } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Ago, Time } from "../../parts/time.tsx";
import { go } from "../../router.ts";

const isOfSchedules = (href: string): boolean => href.startsWith("/api/v1/schedules");

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
  const { location, key, job, selection, cron, timezone, enabled, paused, pausedAt, ticks, next } = schedule;
  const setPaused = async (verb: "pause" | "resume"): Promise<void> => {
    await post(address(`/schedules/{location}/{key}/${verb}`, { location, key }));
    refresh(isOfSchedules);
  };
  const runNow = async (): Promise<void> => {
    const { run } = await post<{ readonly run: string }>(address("/runs"), {
      select: selection,
      location,
      ...(next[0] === undefined || next[0].partitions === "" ? {} : { partitions: next[0].partitions }),
    });
    go(runHref(run));
  };
  return (
    <section class="panel schedule" id={key}>
      <div class="row">
        <h2 class="grow">{key}</h2>
        <Badge state={!enabled ? "off" : paused ? "paused" : "on"}>
          {!enabled ? "off by its definition" : paused ? "paused" : "on"}
        </Badge>
        {enabled ? <Act act={() => setPaused(paused ? "resume" : "pause")}>{paused ? "Resume" : "Pause"}</Act> : null}
        {next.length === 0 ? null : <Act act={runNow}>Run what the next tick asks for</Act>}
      </div>
      <p class="faint">
        <code>{cron}</code> in {timezone}, job {job}: <a href={lineageHref(selection)}>{selection}</a>
        {pausedAt === null ? null : (
          <>
            , paused <Ago at={pausedAt} zone={timezone} />
          </>
        )}
      </p>
      {schedule.description === null ? null : <p class="prose">{schedule.description}</p>}
      <div class="halves">
        <div>
          <h3>Last ticks</h3>
          {ticks.length === 0 ? (
            <p class="faint">None yet.</p>
          ) : (
            <ul class="list">
              {ticks.map((tick) => (
                <li key={tick.scheduledFor}>
                  <Time at={tick.scheduledFor} zone={timezone} />
                  <Badge state={tick.status} />
                  {tick.run === null ? null : (
                    <a class="id" href={runHref(tick.run)}>
                      {shortId(tick.run)}
                    </a>
                  )}
                  {tick.reason === null ? null : <span class="prose">{tick.reason}</span>}
                </li>
              ))}
            </ul>
          )}
        </div>
        <div>
          <h3>Next ticks</h3>
          {next.length === 0 ? (
            <p class="faint">{paused ? "None while it is paused." : "None."}</p>
          ) : (
            <ul class="list">
              {next.map((tick) => (
                <li key={tick.at}>
                  <Time at={tick.at} zone={timezone} />
                  <span class="faint">
                    <Ago at={tick.at} zone={timezone} />
                  </span>
                  <span class="prose">{tick.partitions === "" ? tick.reason : <code>{tick.partitions}</code>}</span>
                </li>
              ))}
            </ul>
          )}
        </div>
      </div>
    </section>
  );
}
