-- The audit trail. Each entry holds the hash of the one before; the sequence is given by the one drain that writes, so that it has no gap.
create table audit_entries (
  sequence bigint primary key,
  event_id text not null unique,
  at timestamptz(3) not null,
  action text not null,
  actor text not null,
  subject text not null,
  subject_sequence bigint not null,
  request_id text not null,
  data json not null,
  previous_hash bytea not null check (octet_length(previous_hash) = 32),
  hash bytea not null check (octet_length(hash) = 32)
);
create index audit_entries_actor on audit_entries (actor, sequence);
create index audit_entries_subject on audit_entries (subject, sequence);
create index audit_entries_action on audit_entries (action text_pattern_ops, sequence);
create index audit_entries_at on audit_entries (at);

-- Entries that were moved to compressed files. Only they may leave the table.
create table audit_archives (
  last_sequence bigint primary key,
  first_sequence bigint not null unique,
  last_hash bytea not null check (octet_length(last_hash) = 32),
  name text not null unique,
  created_at timestamptz(3) not null,
  check (first_sequence <= last_sequence)
);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and tg_table_name = 'audit_entries' then
    if exists (select from audit_archives where old.sequence between first_sequence and last_sequence) then
      return old;
    end if;
  end if;
  raise exception 'the audit trail is only ever added to' using errcode = 'restrict_violation';
end
$$;

create trigger audit_entries_kept before update or delete on audit_entries for each row execute function refuse_audit_change();
create trigger audit_entries_not_emptied before truncate on audit_entries for each statement execute function refuse_audit_change();
create trigger audit_archives_kept before update or delete on audit_archives for each row execute function refuse_audit_change();
create trigger audit_archives_not_emptied before truncate on audit_archives for each statement execute function refuse_audit_change();
