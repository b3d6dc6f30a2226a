/** Is anything late, failed, held, stale or missing? What ran in the last day, what comes next. */
import type { Home as Answer, HomeStale, HomeTick } from "@iroko/core/client";
import type { JSX } from "preact";
import { useResource } from "../../api/resource.ts";
import { useTitle } from "../../app.tsx";
import { count, counted } from "../../parts/amounts.ts";
import { Badge, glyphOf, toneOf } from "../../parts/badge.tsx";
import { Command, Empty } from "../../parts/command.tsx";
import { deploy, dev, init, listSchedules, makeMissing, serve, worker } from "../../parts/commands.ts";
import { DataTable, type Column } from "../../parts/data-table.tsx";
import { assetHref, lineageHref, runHref } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Ago, Time } from "../../parts/time.tsx";
import { Timeline } from "./timeline.tsx";

/** Of the worst, so that the day below them is on the first screen. */
const namedAtOnce = 8;

export default function Home(): JSX.Element {
  useTitle("Home");
  const home = useResource<Answer>("/api/v1/home");
  const stale = useResource<HomeStale>("/api/v1/home/stale");
  return (
    <>
      {home.value === undefined ? <h1>Home</h1> : null}
      <Loaded of={home} rows={10}>
        {(answer) => (answer.assets === 0 ? <Welcome /> : <Told {...answer} stale={stale.value} />)}
      </Loaded>
    </>
  );
}

/** Nothing is defined yet: what somebody does first. */
function Welcome(): JSX.Element {
  return (
    <>
      <h1>Nothing is defined yet</h1>
      <p class="prose faint">No code location has registered its definitions here. In a terminal:</p>
      <ol class="first-steps panel">
        <li>
          <h2>Begin a project</h2>
          <p class="faint">With an asset, a schedule and a test to change; nothing is overwritten.</p>
          <Command text={init} />
        </li>
        <li>
          <h2>Make everything that is missing</h2>
          <p class="faint">Each partition once, what depends on what in order.</p>
          <Command text={makeMissing} />
        </li>
        <li>
          <h2>Watch it here while you write</h2>
          <p class="faint">Worker, schedules and this page in one process; what you save is registered anew.</p>
          <Command text={dev} />
        </li>
      </ol>
      <p class="faint">
        A project that others run is registered by <Command text={deploy} />
      </p>
    </>
  );
}

interface ToldProps extends Answer {
  /** Comes later, and says the rest of what is amiss. */
  readonly stale: HomeStale | undefined;
}

function Told({ timezone, healths, troubles, held, runs, late, next, workers, stale }: ToldProps): JSX.Element {
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
          unit={unit(healths.failed, "asset")}
          state="failed"
          href={lineageHref("status:failed")}
        >
          Assets whose last try failed
        </Card>
        <Card title="Late" value={late.length} unit={unit(late.length, "schedule")} state="late" href="/schedules">
          Schedules whose tick is overdue
        </Card>
        <Card title="Held" value={steps} unit={unit(steps, "step")} state="held">
          Steps that may not start yet
        </Card>
        <Card
          title="Missing"
          value={healths.missing}
          unit={unit(healths.missing, "asset")}
          state="missing"
          href={lineageHref("status:missing")}
        >
          Assets with partitions that were never made
        </Card>
        <Card
          title="Stale"
          value={stale?.assets}
          unit={unit(stale?.assets, "asset")}
          state="stale"
          href={lineageHref("status:stale")}
        >
          Assets made from what has changed since
        </Card>
        <Card title="Running" value={running} unit={unit(running, "run")} state="running" href="/runs">
          Runs that have not ended
        </Card>
        <Card
          title="Busy"
          value={workers.running}
          unit={`of ${counted(workers.slots, "slot")}`}
          state="running"
          href="/instance"
        >
          {`Slots of ${counted(workers.alive, "worker")} with a step in them`}
        </Card>
      </section>
      {workers.alive === 0 ? (
        <p class="row panel notice warn">
          <Badge state="warning">No worker is running</Badge> Nothing is made until one starts:{" "}
          <Command text={worker} />
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
          <ul class="list columns">
            {troubles.slice(0, namedAtOnce).map(({ asset, health, sentence }) => (
              <li key={asset}>
                <Badge state={health} /> <a href={assetHref(asset)}>{asset}</a> <span class="prose">{sentence}</span>
              </li>
            ))}
            <More
              of={healths.failed + healths.missing}
              shown={Math.min(troubles.length, namedAtOnce)}
              select="status:failed or status:missing"
            />
            {stale?.first.slice(0, namedAtOnce).map(({ asset, partitions, count: many, reasons }) => (
              <li key={`${asset} stale`}>
                <Badge state="stale" /> <a href={`${assetHref(asset)}?tab=why`}>{asset}</a>{" "}
                <span class="prose">
                  {partitions === "" ? "" : `${counted(many, "partition")}: ${partitions}; `}
                  {reasons.join(", ")}.
                </span>
              </li>
            ))}
            <More
              of={stale?.assets ?? 0}
              shown={Math.min(stale?.first.length ?? 0, namedAtOnce)}
              select="status:stale"
            />
          </ul>
        </>
      )}
      {runs.length === 0 ? (
        <>
          <h2>The last day</h2>
          <Empty says="Nothing ran in the last day. Make what is missing:" command={makeMissing} />
        </>
      ) : (
        <Timeline runs={runs} zone={timezone} />
      )}
      <h2>Next ticks</h2>
      {next.length === 0 ? (
        <Empty says="No schedule will ask for anything. Look at them:" command={listSchedules} />
      ) : (
        <DataTable
          label="Next ticks"
          rows={next}
          keyOf={({ at, location, schedule }) => `${location} ${schedule} ${at}`}
          columns={tickColumns}
        />
      )}
    </>
  );
}

const tickColumns: readonly Column<HomeTick>[] = [
  { title: "At", cell: ({ at, timezone: zone }) => <Time at={at} zone={zone} /> },
  {
    title: "Due",
    cell: ({ at, timezone: zone }) => (
      <span class="faint">
        <Ago at={at} zone={zone} />
      </span>
    ),
  },
  { title: "Schedule", cell: ({ schedule }) => <a href="/schedules">{schedule}</a> },
  { title: "Partitions", holds: "prose", cell: ({ partitions }) => <code class="prose">{partitions}</code> },
];

interface Wrong {
  readonly failed: number;
  readonly late: number;
  readonly held: number;
  readonly missing: number;
  readonly stale: number | undefined;
}

/** The answer to what somebody comes here for. */
function Verdict({ failed, late, held, missing, stale = 0 }: Wrong): JSX.Element {
  const said = [
    failed > 0 ? `${counted(failed, "asset")} failed` : "",
    late > 0 ? `${counted(late, "schedule")} late` : "",
    held > 0 ? `${counted(held, "step")} held` : "",
    missing > 0 ? `${counted(missing, "asset")} with missing partitions` : "",
    stale > 0 ? `${counted(stale, "asset")} stale` : "",
  ].filter((text) => text !== "");
  const state = failed + late > 0 ? "failed" : said.length > 0 ? "warning" : "ok";
  return (
    <h1 class="verdict">
      <i class={`sign ${toneOf(state)}`} aria-hidden="true">
        {glyphOf(state)}
      </i>
      {said.length === 0 ? "All is well: nothing is late, failed, held, missing or stale." : `${said.join(", ")}.`}
    </h1>
  );
}

interface CardProps {
  readonly title: string;
  /** Not known yet: undefined. */
  readonly value: number | undefined;
  /** What is counted. */
  readonly unit: string;
  /** How it stands where there is any. */
  readonly state: string;
  readonly href?: string;
  /** What that means. */
  readonly children: string;
}
const unit = (n: number | undefined, one: string): string => (n === 1 ? one : `${one}s`);

/** Quiet where there is none, so that what there is stands out. */
function Card({ title, value, unit: counts, state, href, children }: CardProps): JSX.Element {
  const shown = value === undefined || value > 0 ? state : state === "running" ? "" : "ok";
  const about = {
    class: `card ${value === undefined || value === 0 ? "none" : toneOf(state)}`,
    title: children,
  };
  const inside = (
    <>
      <p class="title">
        <span class={toneOf(shown)} aria-hidden="true">
          {glyphOf(shown)}
        </span>{" "}
        {title}
      </p>
      <p class="figure">
        {value === undefined ? "…" : count(value)} <small>{counts}</small>
      </p>
    </>
  );
  return href === undefined ? (
    <div {...about}>{inside}</div>
  ) : (
    <a {...about} href={href}>
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
