-- 0005_tick.sql: evaluations of schedules (and later sensors and conditions), and their reasons.

-- What a person has decided about a schedule by hand; it outlives every deploy.
create table iroko.automation (
  location   text        not null,
  name       text        not null,
  paused     boolean     not null default false,
  paused_at  timestamptz,
  -- forward only: a tick before this (the schedule's first sight, an edited cron, a resume) is never asked for
  since      timestamptz not null default now(),
  cron       text,
  timezone   text,
  cursor     jsonb,
  primary key (location, name)
);

-- A tick happens once, whoever evaluates it; the primary key is what makes that true.
create table iroko.tick (
  location      text        not null,
  name          text        not null,
  scheduled_for timestamptz not null,
  status        text        not null check (status in ('started', 'requested', 'skipped', 'failed')),
  reason        text,
  -- what it asked for, in the text form of the job's partitions; null: for nothing, or for what has no partitions
  partitions    text,
  -- the observation that goes before the plan, and the run asked for
  observation   uuid        references iroko.run on delete set null,
  run           uuid        references iroko.run on delete set null,
  -- the tick before this one that was handled: windows that ended since are asked for
  handled_since timestamptz,
  evaluated_at  timestamptz not null default clock_timestamp(),
  primary key (location, name, scheduled_for),
  constraint skipped_says_why check (status not in ('skipped', 'failed') or reason is not null)
);
create index tick_open on iroko.tick (location, name) where status = 'started';

-- A decision that changed something, or that somebody will ask about: why did this run, why did that not.
create table iroko.decision (
  id      bigint         generated always as identity primary key,
  at      timestamptz    not null default clock_timestamp(),
  subject text           not null,
  asset   text,
  windows tstzmultirange,
  keys    text[],
  boxes   jsonb,
  outcome text           not null,
  reason  text           not null,
  run     uuid,
  detail  jsonb          not null default '{}',
  constraint at_most_one_set check (num_nonnulls(windows, keys, boxes) <= 1)
);
create index decision_asset on iroko.decision (asset, id);
create index decision_run on iroko.decision (run) where run is not null;
