-- 0006_transfer.sql: files and uploads that outlive an attempt, and the ledger of bytes.

-- A local file that is built and checked and awaits its upload: a later attempt on that machine adopts it, and the key that
-- its upload was begun under. It is kept until its commit has been verified.
create table iroko.built (
  step         bigint      not null references iroko.step on delete cascade,
  asset        text        not null,
  partition    text        not null,
  machine      text        not null,
  file         text        not null,
  object_key   text        not null,
  sha256       text        not null,
  output       jsonb       not null,
  built_at     timestamptz not null default clock_timestamp(),
  primary key (step, asset, partition)
);

-- A multipart upload under way; whoever comes next goes on where it stopped.
create table iroko.upload (
  object_key text        primary key,
  step       bigint      references iroko.step on delete cascade,
  upload_id  text        not null,
  sha256     text        not null,
  part_bytes bigint      not null,
  parts      jsonb       not null default '[]',
  updated_at timestamptz not null default clock_timestamp()
);

-- Every transfer that passed the gate, with the bytes that really moved.
create table iroko.transfer (
  id          bigint      generated always as identity primary key,
  at          timestamptz not null default clock_timestamp(),
  direction   text        not null check (direction in ('up', 'down')),
  purpose     text        not null,
  store       text        not null,
  object_key  text        not null,
  bytes       bigint      not null,
  bytes_moved bigint      not null,
  seconds     real        not null,
  run         uuid,
  step        integer
);
create index transfer_at on iroko.transfer (at);
