-- 0004_event.sql: what happened, and what steps printed.

-- Append-only. One event covers a set of partitions. Readers page by (xid, id) and only below pg_snapshot_xmin of the
-- current snapshot: paging by id alone skips an event whose transaction commits late.
create table iroko.event (
  id        bigint         generated always as identity primary key,
  xid       xid8           not null default pg_current_xact_id(),
  at        timestamptz    not null default clock_timestamp(),
  type      text           not null,
  run       uuid,
  step      integer,
  asset     text,
  windows   tstzmultirange,
  keys      text[],
  boxes     jsonb,
  payload   jsonb          not null default '{}',
  constraint at_most_one_set check (num_nonnulls(windows, keys, boxes) <= 1)
);
create index event_cursor on iroko.event (xid, id);
create index event_run on iroko.event (run, id) where run is not null;
create index event_asset on iroko.event (asset, id) where asset is not null;
-- Few: how a step's attempts went that did not end it, for a page of steps.
create index event_attempt on iroko.event (run, step) where type in ('attempt_failed', 'attempt_lost');
create index event_clock on iroko.event (id) where type = 'clock_wrong';
create index event_worker_lost on iroko.event (at) where type = 'worker_lost';

-- stdout, stderr and ctx.log of an attempt, in chunks as they came.
create table iroko.log (
  step    bigint      not null references iroko.step on delete cascade,
  attempt integer     not null,
  seq     integer     not null,
  stream  text        not null check (stream in ('stdout', 'stderr', 'log')),
  at      timestamptz not null default clock_timestamp(),
  body    text        not null,
  primary key (step, attempt, seq)
);
