-- A key may be exchanged while the one before goes on for a time. The id, and with it everything that is the key's own, stays.
alter table api_keys
  add column version integer not null default 1,
  add column previous_hash bytea unique check (octet_length(previous_hash) = 32),
  add column previous_until timestamptz;
create index api_keys_created on api_keys (created_at, id);
