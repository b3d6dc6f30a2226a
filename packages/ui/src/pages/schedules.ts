import { Hono } from "hono";
import type { Instance } from "../model/instance.ts";
import { readSchedules, type ScheduleView } from "../model/schedule-view.ts";
import { badge } from "../parts/badge.ts";
import { html, type Html } from "../parts/html.ts";
import { emptyState, layout, resting } from "../parts/layout.ts";
import { action, runLink } from "../parts/links.ts";
import { away, time } from "../parts/time.ts";

const ticksShown = 5;

export function schedulesPage({ db, now: clock, catalog: read }: Instance): Hono {
  return new Hono().get("/schedules", async (c) => {
    const now = clock();
    const schedules = await readSchedules(db, await read(), { now, ticks: ticksShown });
    const main = html`<h1>Schedules</h1>
      ${
        schedules.length === 0
          ? emptyState("There are none. Add schedule({ … }) to define() and register it:", "iroko deploy")
          : schedules.map((view) => section(view, now))
      }`;
    return c.html(layout({ title: "Schedules", at: "schedules", liveSeconds: resting, main }));
  });
}

function section(view: ScheduleView, now: Temporal.Instant): Html {
  const { schedule, location, selection, paused, pausedAt, next, ticks } = view;
  const path = `/api/v1/schedules/${encodeURIComponent(location)}/${encodeURIComponent(schedule.key)}`;
  const state = !schedule.enabled ? badge("off", "off in code") : paused ? badge("paused") : badge("on");
  return html`<section class="schedule" id="${schedule.key}">
    <h2>${schedule.key} ${state}</h2>
    ${schedule.description === undefined ? "" : html`<p class="prose">${schedule.description}</p>`}
    <dl class="facts">
      <div>
        <dt>When</dt>
        <dd><code>${schedule.cron}</code> in ${schedule.timezone}</dd>
      </div>
      <div>
        <dt>What</dt>
        <dd>job ${schedule.job}: <code>${selection}</code></dd>
      </div>
      <div>
        <dt>Missed ticks</dt>
        <dd>${catchUpText[schedule.catchUp]}</dd>
      </div>
      ${
        pausedAt === null || !paused
          ? ""
          : html`<div>
              <dt>Paused</dt>
              <dd>${time(pausedAt, schedule.timezone)}</dd>
            </div>`
      }
    </dl>
    ${
      !schedule.enabled
        ? ""
        : html`<p class="actions">
            ${action(`${path}/${paused ? "resume" : "pause"}`, paused ? "Resume" : "Pause")}
            <span class="faint">or: <code>iroko schedules ${paused ? "resume" : "pause"} ${schedule.key}</code></span>
          </p>`
    }
    <div class="columns">
      <div>
        <h3>Next ticks</h3>
        ${
          next.length === 0
            ? html`<p class="empty">
                ${paused ? "None while it is paused." : schedule.enabled ? "None." : "None: enabled is false in its definition."}
              </p>`
            : html`<table>
                <tbody>
                  ${next.map(
                    (tick) =>
                      html`<tr>
                        <td>${time(tick.at, schedule.timezone)}<br /><small>${away(tick.at, now)}</small></td>
                        <td><code>${tick.partitions}</code><br /><small>${tick.reason}</small></td>
                      </tr>`,
                  )}
                </tbody>
              </table>`
        }
      </div>
      <div>
        <h3>Past ticks</h3>
        ${
          ticks.length === 0
            ? html`<p class="empty">It has not ticked yet.</p>`
            : html`<table>
                <tbody>
                  ${ticks.map(
                    (tick) =>
                      html`<tr>
                        <td>${time(tick.scheduledFor, schedule.timezone)}</td>
                        <td>${badge(tick.status)}</td>
                        <td>
                          ${tick.run === null ? html`<span class="prose">${tick.reason ?? ""}</span>` : runLink(tick.run)}
                        </td>
                      </tr>`,
                  )}
                </tbody>
              </table>`
        }
      </div>
    </div>
  </section>`;
}

const catchUpText = {
  merge: "one run for all of them",
  each: "a run each",
  skip: "passed over",
} as const;
