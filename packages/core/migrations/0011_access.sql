-- 0011_access.sql: who may use a server that others can reach, and what everybody has done.

-- A local user of the page. Names are stored as they are compared: NFC, in lower case.
create table iroko.user_account (
  id         uuid        primary key default gen_random_uuid(),
  name       text        not null unique check (name <> '' and name = lower(name)),
  role       text        not null check (role in ('viewer', 'operator', 'admin')),
  -- scrypt's parameters, salt and key, as `$scrypt$ln=15,r=8,p=3$salt$key`: they may be raised later
  password   text        not null check (password like '$scrypt$%'),
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp()
);

-- A browser that is signed in. Its cookie holds the secret; only that one's SHA-256 is here. Gone when it ends.
create table iroko.login_session (
  secret_hash  bytea       primary key check (octet_length(secret_hash) = 32),
  user_id      uuid        not null references iroko.user_account on delete cascade,
  address      text        not null,
  created_at   timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp()
);
create index login_session_user on iroko.login_session (user_id);

-- An API token, for programs. What it may do is never above what its maker may: a user's own role is looked at with it.
create table iroko.api_token (
  id           text        primary key check (id ~ '^[0-9a-z]{12}$'),
  secret_hash  bytea       not null check (octet_length(secret_hash) = 32),
  name         text        not null check (name <> ''),
  role         text        not null check (role in ('viewer', 'operator', 'admin')),
  -- the user that made it; null: made on the machine, by the command
  user_id      uuid        references iroko.user_account on delete set null,
  made_by      text        not null,
  created_at   timestamptz not null default clock_timestamp(),
  expires_at   timestamptz not null,
  last_used_at timestamptz,
  revoked_at   timestamptz
);

-- Attempts to sign in, by name and by address: each is counted before it is looked at, so that many at once are not one.
create table iroko.login_attempt (
  subject     text        primary key,
  failures    integer     not null,
  next_try_at timestamptz not null
);

-- What everybody has done: a row for each change, written by its transaction, chained to the row before it by SHA-256.
create table iroko.audit (
  seq        bigint      primary key,
  at         timestamptz not null,
  actor_kind text        not null check (actor_kind in ('machine', 'user', 'token', 'nobody')),
  actor      text        not null,
  via        text        not null check (via in ('cli', 'page', 'token')),
  address    text,
  operation  text        not null check (operation <> ''),
  target     text,
  -- 'done', or the code of the error that it ended with
  outcome    text        not null check (outcome <> ''),
  hash       bytea       not null
);
create index audit_operation on iroko.audit (operation, seq);

-- The chain's end. Who writes holds it until the commit: it comes last in a transaction, after all other locks.
create table iroko.audit_head (
  singleton boolean primary key default true check (singleton),
  seq       bigint  not null,
  hash      bytea   not null
);
insert into iroko.audit_head values (true, 0, sha256(''));

-- A row as its hash covers it: a JSON array of texts and nulls, as `iroko audit verify` writes it, too.
create function iroko.audit_text(entry iroko.audit) returns text language sql immutable set search_path = pg_catalog as $$
  select jsonb_build_array(entry.seq::text,
    to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), entry.actor_kind, entry.actor, entry.via,
    entry.address, entry.operation, entry.target, entry.outcome)::text
$$;

create function iroko.chain_audit() returns trigger language plpgsql set search_path = pg_catalog as $$
declare
  head iroko.audit_head;
begin
  select * into head from iroko.audit_head for update;
  new.seq := head.seq + 1;
  new.at := clock_timestamp();
  new.hash := sha256(head.hash || convert_to(iroko.audit_text(new), 'UTF8'));
  update iroko.audit_head set seq = new.seq, hash = new.hash;
  return new;
end
$$;
create trigger chain before insert on iroko.audit for each row execute function iroko.chain_audit();

create function iroko.refuse_audit_change() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  raise exception 'the audit is only ever added to' using errcode = 'insufficient_privilege';
end
$$;
create trigger refuse_change before update or delete on iroko.audit for each row execute function iroko.refuse_audit_change();
create trigger refuse_truncate before truncate on iroko.audit for each statement execute function iroko.refuse_audit_change();
-- Only the chain itself moves its head.
create trigger refuse_change before update on iroko.audit_head
  for each row when (pg_trigger_depth() = 0) execute function iroko.refuse_audit_change();
create trigger refuse_delete before delete on iroko.audit_head
  for each row execute function iroko.refuse_audit_change();
create trigger refuse_truncate before truncate on iroko.audit_head
  for each statement execute function iroko.refuse_audit_change();
