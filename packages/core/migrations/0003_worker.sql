-- 0003_worker.sql: who runs steps, and how many at once.

-- A live worker process. Its death is seen by its session's advisory lock, or by a beat that stands still; no clock
-- is compared with another.
create table iroko.worker (
  id                 uuid        primary key,
  location           text        not null,
  -- key of the advisory lock that its own session holds
  lock_key           integer     not null,
  backend_pid        integer     not null,
  postmaster_started timestamptz not null,
  beat               bigint      not null default 0,
  ttl_seconds        real        not null,
  host               text        not null,
  pid                integer     not null,
  boot_id            text        not null,
  -- where its process id means something, and when the process was started: whoever is there can tell that it is gone
  pid_space          text,
  pid_started        bigint,
  slots              integer     not null check (slots > 0),
  draining           boolean     not null default false,
  -- hash of the definitions that it has loaded; that of the location's current version, or of another
  snapshot           text        not null default '',
  -- computes, checks and observations whose code it has
  definition_hashes  text[]      not null,
  -- graphile-worker's own ids of this process, to free its locks by
  queue_ids          text[]      not null default '{}',
  -- how it found itself at its last beat, for people: seconds that its clock is ahead of this one, its link, its event loop
  clock_ahead        real,
  round_trip_ms      real,
  jitter_ms          real,
  loop_delay_ms      real,
  -- why it watches its steps' memory itself; empty: the kernel does, by control groups
  bounds             text,
  started_at         timestamptz not null default clock_timestamp()
);

-- A concurrency limit. Occupancy is the count of running steps that name it: there is no slot that could leak.
create table iroko.pool (
  name  text    primary key check (name <> ''),
  slots integer not null check (slots >= 0),
  -- the run whose limit it is, while that has not ended
  run   uuid    unique references iroko.run on delete cascade
);
