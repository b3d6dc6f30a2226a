-- 0009_mapping.sql: what users' mapping functions have answered, and what they are still to be asked. The control plane
-- runs no code of a user's: it reads answers here, and leaves questions for a worker of the code's location.

-- One row for a batch of downstream partitions (exactly one of windows, keys, boxes) and the upstream ones that each is made
-- from. `mapping` is the hash of function, dependency and both sides: another function's answers are other rows. A cache:
-- any row may go at any time, and is asked for again; what nobody has used for long is forgotten.
create table iroko.mapping_answer (
  -- a row never changes: whoever has read it by this name need not read it again
  id       uuid        primary key default gen_random_uuid(),
  mapping  text        not null check (mapping <> ''),
  windows  tstzmultirange,
  keys     text[],
  boxes    jsonb,
  images   jsonb       not null,
  used_at  timestamptz not null default now(),
  constraint one_set check (num_nonnulls(windows, keys, boxes) = 1)
);
create index mapping_answer_mapping on iroko.mapping_answer (mapping);
create index mapping_answer_used_at on iroko.mapping_answer (used_at);

-- A row is a question that waits for a worker, or that could not be answered and why. An answered one is deleted.
create table iroko.mapping_question (
  id       bigint      generated always as identity primary key,
  location text        not null check (location <> ''),
  mapping  text        not null check (mapping <> ''),
  windows  tstzmultirange,
  keys     text[],
  boxes    jsonb,
  -- of the set, so that whoever asks the same waits for the same row
  set_hash text        not null,
  asked_at timestamptz not null default now(),
  error    jsonb,
  unique (location, mapping, set_hash),
  constraint one_set check (num_nonnulls(windows, keys, boxes) = 1)
);
