-- 0008_plan.sql: plans that somebody has looked at and may apply.

-- A plan with what was asked for and what of the state it rests on. It becomes one run, once; while it has not, it is
-- kept for a day. A plan that became a run goes with it.
create table iroko.plan (
  -- short, for hands: letters and digits that nobody mistakes for others
  id               text        primary key check (id ~ '^[0-9a-z]{8}$'),
  location         text        not null,
  snapshot_version integer     not null,
  request          jsonb       not null,
  config           jsonb       not null default '{}',
  plan             jsonb       not null,
  -- fingerprints of the partitions that it makes and reads, and when they were taken
  basis            jsonb       not null,
  as_of            timestamptz not null,
  created_at       timestamptz not null default clock_timestamp(),
  run              uuid        unique references iroko.run on delete cascade,
  foreign key (location, snapshot_version) references iroko.location (name, version)
);
create index plan_unspent on iroko.plan (created_at) where run is null;
