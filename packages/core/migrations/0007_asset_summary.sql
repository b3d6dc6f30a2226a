-- 0007_asset_summary.sql: what asset_partition says of whole stretches of partitions: a million of them are read as a
-- thousand rows. All of it is derived. Empty both tables, and every answer stays right, only slower until they are filled.

-- A stretch is an asset's partitions (of one `rest`) from the name `first` to the next stretch's. It has a row for each
-- code version, schema and list of assets read that its partitions were made by.
create table iroko.asset_summary (
  asset           text    not null,
  rest            text    collate "C" not null,
  first           text    collate "C" not null,
  part            integer not null,
  code_version    text,
  schema_hash     text,
  -- the assets that were read, sorted
  reads           text[]  not null,
  -- made, and failed last time: as windows where partitions have them, else as names
  made_windows    tstzmultirange,
  made_keys       text[],
  failed_windows  tstzmultirange,
  failed_keys     text[],
  rows            bigint  not null,
  bytes           bigint  not null,
  last_made_at    timestamptz,
  -- What staleness compares, a value for each made partition, in the order of their names: when its window starts (int8,
  -- epoch seconds; of those with one dimension) or its name; the hash of (name, data version); and for each asset read the
  -- exclusive or of such hashes of what was read of it (int8) and how many those were (int4).
  starts          bytea,
  names           text[],
  versions        bytea,
  read_versions   bytea,
  primary key (asset, rest, first, part)
);
alter table iroko.asset_summary alter column starts set storage external, alter column versions set storage external,
  alter column read_versions set storage external;

-- Where the summary is behind: written by the transaction that changes the partitions, so that whoever sees their change
-- sees this as well. Only ever inserted and deleted: steps that finish at once do not meet here.
create table iroko.asset_changed (
  asset text not null,
  rest  text collate "C" not null,
  low   text collate "C" not null,
  high  text collate "C" not null,
  xid   xid8 not null default pg_current_xact_id()
);
create index asset_changed_asset on iroko.asset_changed (asset);

-- When notes of an asset, or what sums it up, were last taken away, and by which transaction; of the asset '' those of all.
-- Whoever keeps what it has read, with its snapshot, asks what has changed since: assets with a note, or with a row here, of a
-- transaction that the snapshot does not see. One that sees this row's sees that of every note before it.
create table iroko.asset_summed (
  asset text primary key,
  xid   xid8 not null
);
create index asset_summed_xid on iroko.asset_summed (xid);

create function iroko.note_summed() returns trigger language plpgsql as $$
begin
  if tg_op = 'TRUNCATE' then
    insert into iroko.asset_summed values ('', pg_current_xact_id()) on conflict (asset) do update set xid = excluded.xid;
  else
    insert into iroko.asset_summed select distinct asset, pg_current_xact_id() from old_rows order by asset
    on conflict (asset) do update set xid = excluded.xid;
  end if;
  return null;
end $$;

create trigger note_taken after delete on iroko.asset_changed
  referencing old table as old_rows for each statement execute function iroko.note_summed();
create trigger note_dropped after delete on iroko.asset_summary
  referencing old table as old_rows for each statement execute function iroko.note_summed();
create trigger note_emptied after truncate on iroko.asset_changed for each statement execute function iroko.note_summed();
create trigger note_emptied after truncate on iroko.asset_summary for each statement execute function iroko.note_summed();
create trigger note_emptied after truncate on iroko.asset_summed for each statement execute function iroko.note_summed();

create function iroko.note_changed() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into iroko.asset_changed
    select asset, coalesce(rest, ''), min(partition collate "C"), max(partition collate "C") from new_rows
     where version is not null or last_status is not null group by 1, 2;
  elsif tg_op = 'DELETE' then
    insert into iroko.asset_changed
    select asset, coalesce(rest, ''), min(partition collate "C"), max(partition collate "C") from old_rows group by 1, 2;
  else
    -- Marks of running steps and what has been published are no part of the summary. Under another key, it is another row.
    insert into iroko.asset_changed
    select asset, coalesce(o.rest, n.rest, ''), min(partition collate "C"), max(partition collate "C")
      from old_rows o full join new_rows n using (asset, partition)
     where (o.rest, o.time_window, o.version, o.made_at, o.last_status, o.rows, o.bytes, o.data_version, o.code_version, o.schema_hash)
           is distinct from (n.rest, n.time_window, n.version, n.made_at, n.last_status, n.rows, n.bytes, n.data_version, n.code_version, n.schema_hash)
     group by 1, 2;
  end if;
  return null;
end $$;

create trigger note_inserted after insert on iroko.asset_partition
  referencing new table as new_rows for each statement execute function iroko.note_changed();
create trigger note_updated after update on iroko.asset_partition
  referencing old table as old_rows new table as new_rows for each statement execute function iroko.note_changed();
create trigger note_deleted after delete on iroko.asset_partition
  referencing old table as old_rows for each statement execute function iroko.note_changed();
