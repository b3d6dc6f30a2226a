/** Is anything late, failed, held, stale or missing? What ran in the last day, what comes next. */
import type { Home as Answer, HomeStale } from "@iroko/core/client";
import type { ComponentChildren, JSX } from "preact";
import { useResource } from "../../api/resource.ts";
import { useTitle } from "../../app.tsx";
import { count, counted } from "../../parts/amounts.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Command, Empty } from "../../parts/command.tsx";
import { init, listSchedules, makeMissing, serve, worker } from "../../parts/commands.ts";
import { assetHref, lineageHref, runHref } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Ago, Time } from "../../parts/time.tsx";
import { Timeline } from "./timeline.tsx";

export default function Home(): JSX.Element {
  useTitle("Home");
  const home = useResource<Answer>("/api/v1/home");
  const stale = useResource<HomeStale>("/api/v1/home/stale");
  return (
    <>
      <h1>Home</h1>
      <Loaded of={home} rows={10}>
        {(answer) => <Told {...answer} stale={stale.value} />}
      </Loaded>
    </>
  );
}

interface ToldProps extends Answer {
  /** Comes later, and says the rest of what is amiss. */
  readonly stale: HomeStale | undefined;
}

function Told({ timezone, assets, healths, troubles, held, runs, late, next, workers, stale }: ToldProps): JSX.Element {
  if (assets === 0) return <Empty says="No code location has registered its definitions. Start with:" command={init} />;
  const running = runs.filter(({ endedAt }) => endedAt === null).length;
  const steps = held.reduce((sum, each) => sum + each.steps, 0);
  return (
    <>
      <Verdict
        failed={healths.failed}
        late={late.length}
        held={steps}
        missing={healths.missing}
        stale={stale?.assets}
      />
      <section class="cards" aria-label="At a glance">
        <Card
          title="Failed"
          value={healths.failed}
          tone={healths.failed > 0 ? "bad" : "good"}
          href={lineageHref("status:failed")}
        >
          {healths.failed > 0 ? "assets whose last try failed" : "no asset's last try failed"}
        </Card>
        <Card title="Late" value={late.length} tone={late.length > 0 ? "bad" : "good"} href="/schedules">
          {late.length > 0 ? "schedules whose tick is overdue" : "every schedule is on time"}
        </Card>
        <Card title="Held" value={steps} tone={steps > 0 ? "warn" : "good"}>
          {steps > 0 ? "steps that may not start yet" : "no step is held"}
        </Card>
        <Card
          title="Missing"
          value={healths.missing}
          tone={healths.missing > 0 ? "warn" : "good"}
          href={lineageHref("status:missing")}
        >
          {healths.missing > 0 ? "assets with partitions never made" : "every partition that exists is made"}
        </Card>
        <Card
          title="Stale"
          value={stale?.assets}
          tone={(stale?.assets ?? 0) > 0 ? "warn" : "good"}
          href={lineageHref("status:stale")}
        >
          {stale === undefined
            ? "looking at what each was made from"
            : stale.assets > 0
              ? "assets made from what has changed"
              : "nothing was made from what has changed"}
        </Card>
        <Card title="Running" value={running} tone={running > 0 ? "busy" : "calm"} href="/runs">
          runs that have not ended
        </Card>
        <Card title="Workers" value={workers.alive} tone={workers.alive > 0 ? "calm" : "warn"} href="/instance">
          {workers.alive > 0
            ? `${workers.running} of ${counted(workers.slots, "slot")} at work`
            : "nothing runs until one starts"}
        </Card>
      </section>
      {workers.alive === 0 ? (
        <p class="row">
          No worker is running. <Command text={worker} />
        </p>
      ) : null}
      {late.length === 0 ? null : (
        <>
          <h2>Late</h2>
          <ul class="list">
            {late.map(({ at, location, schedule, timezone: zone }) => (
              <li key={`${location} ${schedule}`}>
                <Badge state="late" /> <a href="/schedules">{schedule}</a> was due <Time at={at} zone={zone} />
                <span class="faint">
                  <Ago at={at} zone={zone} />. A server asks for ticks: is one running? <Command text={serve} />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {held.length === 0 ? null : (
        <>
          <h2>Held</h2>
          <ul class="list">
            {held.map(({ reason, steps: many, run, until }) => (
              <li key={reason}>
                <Badge state="held">{counted(many, "step")}</Badge> <span class="prose">{reason}</span>
                {until === null ? null : (
                  <span class="faint">
                    until <Time at={until} zone={timezone} />
                  </span>
                )}
                <a href={runHref(run)}>run</a>
              </li>
            ))}
          </ul>
        </>
      )}
      {troubles.length === 0 && (stale?.assets ?? 0) === 0 ? null : (
        <>
          <h2>To look at</h2>
          <ul class="list">
            {troubles.map(({ asset, health, sentence }) => (
              <li key={asset}>
                <Badge state={health} /> <a href={assetHref(asset)}>{asset}</a> <span class="prose">{sentence}</span>
              </li>
            ))}
            <More
              of={healths.failed + healths.missing}
              shown={troubles.length}
              select="status:failed or status:missing"
            />
            {stale?.first.map(({ asset, partitions, count: many, reasons }) => (
              <li key={`${asset} stale`}>
                <Badge state="stale" /> <a href={`${assetHref(asset)}?tab=why`}>{asset}</a>{" "}
                <span class="prose">
                  {partitions === "" ? "" : `${counted(many, "partition")}: ${partitions}; `}
                  {reasons.join(", ")}.
                </span>
              </li>
            ))}
            <More of={stale?.assets ?? 0} shown={stale?.first.length ?? 0} select="status:stale" />
          </ul>
        </>
      )}
      <h2>The last day</h2>
      {runs.length === 0 ? (
        <Empty says="Nothing ran in the last day. Make what is missing:" command={makeMissing} />
      ) : (
        <Timeline runs={runs} zone={timezone} />
      )}
      <h2>Next ticks</h2>
      {next.length === 0 ? (
        <Empty says="No schedule will ask for anything. Look at them:" command={listSchedules} />
      ) : (
        <ul class="list">
          {next.map(({ at, location, schedule, timezone: zone, partitions }) => (
            <li key={`${location} ${schedule} ${at}`}>
              <Time at={at} zone={zone} />
              <span class="faint">
                <Ago at={at} zone={zone} />
              </span>
              <a href="/schedules">{schedule}</a>
              <code class="prose">{partitions}</code>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Verdict(wrong: {
  readonly failed: number;
  readonly late: number;
  readonly held: number;
  readonly missing: number;
  readonly stale: number | undefined;
}): JSX.Element {
  const said = [
    wrong.failed > 0 ? `${counted(wrong.failed, "asset")} failed` : "",
    wrong.late > 0 ? `${counted(wrong.late, "schedule")} late` : "",
    wrong.held > 0 ? `${counted(wrong.held, "step")} held` : "",
    wrong.missing > 0 ? `${counted(wrong.missing, "asset")} with missing partitions` : "",
    (wrong.stale ?? 0) > 0 ? `${counted(wrong.stale ?? 0, "asset")} stale` : "",
  ].filter((text) => text !== "");
  return (
    <p class="sentence">
      {said.length === 0 ? "All is well: nothing is late, failed, held, missing or stale." : `${said.join(", ")}.`}
    </p>
  );
}

interface CardProps {
  readonly title: string;
  /** Not known yet: undefined. */
  readonly value: number | undefined;
  readonly tone: Tone;
  readonly href?: string;
  readonly children: ComponentChildren;
}

function Card({ title, value, tone, href, children }: CardProps): JSX.Element {
  const inside = (
    <>
      <p class="title">{title}</p>
      <p class="figure">{value === undefined ? "…" : count(value)}</p>
      <p class="note">{children}</p>
    </>
  );
  return href === undefined ? (
    <div class={`card ${tone}`}>{inside}</div>
  ) : (
    <a class={`card ${tone}`} href={href}>
      {inside}
    </a>
  );
}

interface MoreProps {
  readonly of: number;
  readonly shown: number;
  /** Shows them all. */
  readonly select: string;
}

function More({ of, shown, select }: MoreProps): JSX.Element | null {
  if (of <= shown) return null;
  return (
    <li>
      <a href={lineageHref(select)}>and {count(of - shown)} more</a>
    </li>
  );
}
