-- 0002_run.sql: runs, their steps, the arrows between them, and what steps have staged.

-- A request to make assets. One partition or a hundred thousand: a backfill is a run.
create table iroko.run (
  id                  uuid        primary key,
  location            text        not null,
  snapshot_version    integer     not null,
  status              text        not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed', 'canceled')),
  trigger             text        not null check (trigger in ('cli', 'api', 'schedule', 'retry', 'verify', 'observe')),
  trigger_name        text,
  selection           text        not null,
  partitions          text        not null,
  plan                jsonb       not null,
  tags                jsonb       not null default '{}',
  config              jsonb       not null default '{}',
  priority            integer     not null default 0,
  -- of its steps, at most so many run at once: a pool of its own, in which all of them are
  max_concurrency     integer     check (max_concurrency > 0),
  parent              uuid        references iroko.run on delete set null,
  -- the clock it was planned with; a retry keeps it
  as_of               timestamptz not null,
  -- and the revision of the keys of dynamic partitions
  keys_revision       bigint      not null default 0,
  -- how many steps the plan has, how many of them are in the step table, how many have ended in which way
  planned             integer     not null check (planned >= 0),
  expanded            integer     not null check (expanded between 0 and planned),
  -- the number in the plan, expanded with the snapshot that it was made with, of the step to go on from; when that was last done
  expand_from         integer     not null default 0 check (expand_from >= 0),
  expanded_at         timestamptz,
  plan_version        integer     not null,
  succeeded           integer     not null default 0,
  failed              integer     not null default 0,
  skipped             integer     not null default 0,
  canceled            integer     not null default 0,
  -- what they have committed, in all: whoever looks need not add up fifty thousand outputs
  made_rows           bigint      not null default 0,
  made_bytes          bigint      not null default 0,
  created_at          timestamptz not null default clock_timestamp(),
  started_at          timestamptz,
  ended_at            timestamptz,
  cancel_requested_at timestamptz,
  cancel_reason       text,
  foreign key (location, snapshot_version) references iroko.location (name, version),
  constraint ended_steps_fit check (succeeded + failed + skipped + canceled <= planned),
  constraint ended_says_when check ((status in ('succeeded', 'failed', 'canceled')) = (ended_at is not null))
) with (fillfactor = 70);
create index run_created on iroko.run (created_at desc, id);
create index run_growing on iroko.run (created_at, id) where expanded < planned;
create index run_live on iroko.run (id) where status in ('queued', 'running');

-- Which assets a run makes, observes or checks: what lists of runs are filtered by. Apart from the run, whose row changes
-- with every step that ends.
create table iroko.run_asset (
  asset text not null,
  run   uuid not null references iroko.run on delete cascade,
  primary key (asset, run)
);
create index run_asset_run on iroko.run_asset (run);

-- A node of a run: (assets, a partition or a range). `n` is given by the planner; ids ascend with it, so that locking
-- steps by id locks upstream before downstream.
create table iroko.step (
  id              bigint      generated always as identity primary key,
  run             uuid        not null references iroko.run on delete cascade,
  n               integer     not null check (n >= 0),
  kind            text        not null check (kind in ('materialize', 'check', 'observe', 'gate')),
  name            text        not null,
  assets          text[]      not null,
  location        text        not null,
  definition_hash text        not null,
  windows         tstzmultirange,
  keys            text[],
  boxes           jsonb,
  pools           text[]      not null default '{}',
  priority        integer     not null default 0,
  reason          text        not null,
  status          text        not null check (status in ('blocked', 'ready', 'running', 'succeeded', 'failed', 'skipped', 'canceled')),
  -- upstream steps that have not ended well yet
  waiting_on      integer     not null default 0 check (waiting_on >= 0),
  -- only admitted steps have a wake-up in the queue
  admitted        boolean     not null default false,
  -- that wake-up, while the step is ready: in the order of these, steps of one priority are claimed
  wake_up         bigint,
  -- the fencing token: raised at each claim and takeover; every effect names it
  epoch           integer     not null default 0,
  -- claims so far, and those of them that a worker's death took away or the network gate put off: the retry policy counts
  -- the difference
  attempt         integer     not null default 0,
  lost_attempts   integer     not null default 0,
  worker          uuid,
  -- how its own children, and workers it ran on, have ended under it; since when it runs alone on a worker, which a further
  -- death would convict it for
  deaths          jsonb       not null default '[]',
  suspect_since   timestamptz,
  -- pinned at the first claim: every retry reads the same, and keeps the place in the order of writes that goes with it
  inputs          jsonb,
  write_seq       bigint,
  deferred_until  timestamptz,
  deferred_reason text,
  -- the running step that holds one of its partitions
  behind          bigint,
  -- it has stood behind one: then it may find that there is nothing left to do
  waited          boolean     not null default false,
  retry_delay     real,
  -- made only if its inputs turn out to have changed: what a plan expects of steps below remade ones
  only_if_changed boolean     not null default false,
  outcome         text        check (outcome in ('made', 'joined', 'superseded', 'unchanged')),
  error           jsonb,
  ready_at        timestamptz,
  started_at      timestamptz,
  ended_at        timestamptz,
  unique (run, n),
  constraint a_set_of_one_kind check (num_nonnulls(windows, keys, boxes) = case when kind = 'gate' then 0 else 1 end),
  constraint running_has_a_worker check ((status = 'running') = (worker is not null)),
  constraint admitted_may_run check (not admitted or status in ('ready', 'running')),
  constraint blocked_waits check (status <> 'ready' or waiting_on = 0),
  constraint failed_says_why check (status <> 'failed' or error is not null),
  constraint ended_says_when check ((status in ('succeeded', 'failed', 'skipped', 'canceled')) = (ended_at is not null))
) with (fillfactor = 70);
create index step_admittable on iroko.step (run, pools, id) where status = 'ready' and not admitted;
create index step_admitted on iroko.step (location, run) where admitted;
create index step_claimable on iroko.step (location, priority desc, wake_up nulls first, id) where status = 'ready' and admitted;
create index step_woken on iroko.step (wake_up) where admitted;
create index step_running on iroko.step (worker) where status = 'running';
create index step_behind on iroko.step (behind) where behind is not null;
create index step_held on iroko.step (deferred_reason) where status = 'ready' and deferred_reason is not null;
create index step_unwell on iroko.step (run, n) where status in ('failed', 'skipped', 'canceled');

-- A step waits for another; a weak arrow only for its end, however it ends.
create table iroko.step_edge (
  run        uuid    not null references iroko.run on delete cascade,
  upstream   integer not null,
  downstream integer not null,
  weak       boolean not null default false,
  primary key (run, upstream, downstream),
  check (upstream < downstream)
);
create index step_edge_downstream on iroko.step_edge (run, downstream);

-- What a step has staged, whole and checked: a later attempt narrows to the rest, a failing one still commits it, and
-- committed rows are the versions that can be read again.
create table iroko.step_output (
  step         bigint      not null references iroko.step on delete cascade,
  asset        text        not null,
  partition    text        not null,
  epoch        integer     not null,
  object_key   text,
  etag         text,
  sha256       text,
  rows         bigint      not null,
  bytes        bigint      not null,
  data_version text        not null,
  schema_hash  text,
  -- of external assets, what was really read: instead of what was pinned
  source_versions jsonb    not null default '{}',
  metadata     jsonb       not null,
  checks       jsonb       not null,
  seconds      real        not null,
  staged_at    timestamptz not null default clock_timestamp(),
  -- given at the commit; null with `superseded`: a later claim had won
  version      bigint,
  superseded   boolean     not null default false,
  primary key (step, asset, partition)
);
create index step_output_version on iroko.step_output (asset, partition, version) where version is not null;
