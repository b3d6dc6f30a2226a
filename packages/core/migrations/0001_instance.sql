-- 0001_instance.sql: this instance, the code it knows, and what exists of every asset.

-- The instance itself. Everything that is ordered outside Postgres (objects in a store) carries (incarnation, version):
-- restoring a backup raises the incarnation, so that what was written before it never passes for newer.
create table iroko.instance (
  singleton   boolean     primary key default true check (singleton),
  id          uuid        not null default gen_random_uuid(),
  incarnation integer     not null default 1 check (incarnation > 0),
  -- how often keys of dynamic partitions were added or removed: what exists is known as of a revision
  keys_revision bigint    not null default 0,
  created_at  timestamptz not null default now()
);
insert into iroko.instance default values;

-- A code location and the snapshots it registered. Control plane and page read definitions here and nowhere else.
create table iroko.location (
  name          text        not null check (name <> ''),
  version       integer     not null check (version > 0),
  hash          text        not null,
  snapshot      jsonb       not null,
  current       boolean     not null default true,
  registered_at timestamptz not null default now(),
  primary key (name, version),
  unique (name, hash)
);
create unique index location_current on iroko.location (name) where current;

-- The columns of every schema that was ever registered, by its hash: what a partition was written with is told by the hash
-- that it keeps, whether its asset still has that schema or not.
create table iroko.table_schema (
  hash    text  primary key check (hash <> ''),
  columns jsonb not null
);

-- What is known of an asset besides its definition. An asset gone from the code keeps its row and its partitions.
create table iroko.asset (
  key             text        primary key check (key <> ''),
  location        text        not null,
  definition_hash text        not null,
  registered_at   timestamptz not null default now(),
  removed_at      timestamptz
);

-- One row for each partition that something ever happened to. A time partition's name is its window's start in UTC, a
-- fixed or dynamic one's its key, one of several dimensions what it is in each (`day=2026-11-19T23:00:00Z|region=LA`), an
-- unpartitioned asset's the empty string: a changed definition renumbers nothing.
-- The last outcome and the current pointer are apart: a failure does not take away what was made before it.
create table iroko.asset_partition (
  asset             text        not null,
  partition         text        not null,
  -- the window of a time partition; of several dimensions that of the first one by time, and the name without it
  time_window       tstzrange,
  rest              text,
  -- the last outcome
  last_status       text        check (last_status in ('succeeded', 'failed', 'canceled', 'observed')),
  last_run          uuid,
  last_step         bigint,
  last_at           timestamptz,
  last_error        jsonb,
  -- the current pointer; no version: missing
  version           bigint,
  write_seq         bigint,
  object_key        text,
  etag              text,
  sha256            text,
  rows              bigint,
  bytes             bigint,
  data_version      text,
  schema_hash       text,
  code_version      text,
  definition_hash   text,
  inputs            jsonb,
  metadata          jsonb,
  made_by_run       uuid,
  made_by_step      bigint,
  made_at           timestamptz,
  -- publishing follows the pointer
  published_version bigint,
  published_at      timestamptz,
  verify_after      timestamptz,
  -- the running step that is making it now; taken off by whatever ends its running
  busy_step         bigint,
  primary key (asset, partition),
  constraint a_rest_has_a_window check (rest is null or time_window is not null),
  constraint a_pointer_is_whole check (version is null or (data_version is not null and made_at is not null)),
  constraint published_what_was_made check (published_version is null or published_version <= version)
) with (fillfactor = 80);
-- Partial, so that it never passes for a way to find one partition by its key.
create index asset_partition_window on iroko.asset_partition (asset, lower(time_window)) where time_window is not null;
-- In the order in which windows follow each other: asset_summary sums up stretches of it.
-- Of no use to whoever looks for one partition, by its collation: in a short table Postgres would take it for as good as the
-- primary key, and still do so when the table is long.
create index asset_partition_stretch on iroko.asset_partition ((asset collate "C"), (coalesce(rest, '') collate "C"), (partition collate "C"));
create index asset_partition_unpublished on iroko.asset_partition (asset, partition)
  where object_key is not null and nullif(version, published_version) is not null;
-- How few they are, which Postgres would not guess: it would read the whole table to count them.
create statistics iroko.asset_partition_unpublished_share on (nullif(version, published_version)) from iroko.asset_partition;
create index asset_partition_verify on iroko.asset_partition (verify_after) where verify_after is not null;
create index asset_partition_busy on iroko.asset_partition (busy_step) where busy_step is not null;

-- Raised at each claim that pins its inputs: between two runs that make the same partition, the later inputs win.
create sequence iroko.write_seq;

-- The latest result of each check on each partition; history stands in the events.
create table iroko.check_result (
  asset      text        not null,
  name       text        not null,
  partition  text        not null,
  passed     boolean     not null,
  severity   text        not null check (severity in ('error', 'warn')),
  blocking   boolean     not null,
  message    text,
  violations bigint,
  sample     jsonb,
  metadata   jsonb,
  run        uuid,
  step       bigint,
  at         timestamptz not null default clock_timestamp(),
  primary key (asset, name, partition)
);

-- Keys of dynamic partitions definitions, added and removed while Iroko runs. A row is a key's life from one revision to
-- another: a run is carried out, and tried again, with the keys of the revision it was planned at.
create table iroko.dynamic_partition (
  id         bigint      generated always as identity primary key,
  definition text        not null check (definition <> ''),
  key        text        not null check (key <> ''),
  added      bigint      not null,
  added_at   timestamptz not null default clock_timestamp(),
  removed    bigint,
  removed_at timestamptz,
  constraint removed_after_it_was_added check (removed > added),
  constraint removed_says_when check ((removed is null) = (removed_at is null))
);
create unique index dynamic_partition_live on iroko.dynamic_partition (definition, key) where removed is null;
create index dynamic_partition_order on iroko.dynamic_partition (definition, id);
