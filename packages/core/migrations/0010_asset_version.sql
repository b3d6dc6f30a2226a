-- 0010_asset_version.sql: what was current of a partition before, how long it is kept, and what was taken away for good.

-- A version that another has replaced. It outlives the run that made it: written by the transaction that moves the
-- pointer, from the pointer as it was, so that a partition made for the first time costs nothing here. The row is what
-- keeps its object; retention deletes the row first.
create table iroko.asset_version (
  asset           text        not null,
  partition       text        not null,
  version         bigint      not null,
  object_key      text        not null,
  etag            text,
  sha256          text,
  rows            bigint,
  bytes           bigint,
  data_version    text        not null,
  schema_hash     text,
  code_version    text,
  definition_hash text,
  inputs          jsonb,
  metadata        jsonb,
  made_by_run     uuid,
  made_by_step    bigint,
  made_at         timestamptz not null,
  replaced_at     timestamptz not null default clock_timestamp(),
  primary key (asset, partition, version)
);
create index asset_version_object on iroko.asset_version (object_key);

-- Purged: everything made of the partition was taken away on purpose. Version numbers go on from the last one, lest a
-- store, a cache or a reader take a new version for an old one.
alter table iroko.asset_partition
  add column purged_version bigint,
  add column purged_at      timestamptz,
  add constraint purged_says_when check ((purged_version is null) = (purged_at is null));

-- What a purge takes away, until every store and cache has been seen without it: a copy under way may come late, and a
-- machine that was off keeps its cached files until it is on again.
create table iroko.purged_object (
  object_key text        not null,
  etag       text        not null default '',
  asset      text        not null,
  partition  text        not null,
  -- the path that readers see; else a version's own
  stable     boolean     not null default false,
  purged_at  timestamptz not null default clock_timestamp(),
  primary key (object_key, etag)
);
create index purged_object_at on iroko.purged_object (purged_at);

-- When a duty that is due rarely was begun last, by whomever: a compare-and-set makes it one worker's.
create table iroko.duty (
  name     text        primary key,
  begun_at timestamptz not null default clock_timestamp(),
  -- where one that goes round has got to
  place    jsonb
);
insert into iroko.duty (name) values ('retention'), ('vacuum'), ('patrol'), ('events');
