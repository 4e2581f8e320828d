-- Keys of servers that call the API. The key itself is shown once and kept nowhere: `hash` is its SHA-256.
create table api_keys (
  id text primary key,
  name text not null,
  hash bytea not null unique check (octet_length(hash) = 32),
  scopes text[] not null default '{}',
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at timestamptz
);
