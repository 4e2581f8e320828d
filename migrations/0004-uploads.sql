-- Uploads that were stored. Those on their way live in Redis. `owner` is a fingerprint, `sealed` what the client said of the file (its name is personal).
create table uploads (
  id text collate "C" primary key,
  owner text not null,
  is_anonymous boolean not null,
  session uuid not null,
  storage_key text not null unique,
  upload_type text not null,
  bytes bigint not null check (bytes >= 0),
  chunks integer not null,
  sha256 bytea not null check (octet_length(sha256) = 32),
  media_type text not null,
  scan text not null check (scan in ('clean', 'not_scanned')),
  sealed text not null,
  sequence integer not null,
  created_at timestamptz not null,
  stored_at timestamptz not null
);
create index uploads_by_owner on uploads (owner, created_at desc, id desc);
create index uploads_by_age on uploads (created_at desc, id desc);
create index uploads_by_session on uploads (session);
