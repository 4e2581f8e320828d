-- Documents and what was found in them. `owner` is a fingerprint, `sealed` the title. Results go by content: the same bytes seen by the same version of the
-- analyser have the same results, whosever they are. `reusable_until` is null for those that do not age.
create table documents (
  id text collate "C" primary key,
  owner text not null,
  upload_id text not null,
  storage_key text not null,
  sha256 bytea not null check (octet_length(sha256) = 32),
  bytes bigint not null,
  sealed text not null,
  version text not null,
  model text,
  status text not null check (status in ('queued', 'processing', 'processed', 'partial', 'rejected', 'quarantined')),
  reason text,
  stages jsonb not null,
  progress integer not null,
  pages integer,
  sequence integer not null,
  request_id text not null,
  created_at timestamptz not null,
  ended_at timestamptz
);
create index documents_by_owner on documents (owner, created_at desc, id desc);
create index documents_by_age on documents (created_at desc, id desc);
create index documents_by_upload on documents (upload_id);

create table document_results (
  sha256 bytea not null check (octet_length(sha256) = 32),
  stage text not null,
  version text not null,
  result jsonb not null,
  made_at timestamptz not null,
  reusable_until timestamptz,
  primary key (sha256, stage, version)
);

create table document_thumbnails (
  sha256 bytea not null check (octet_length(sha256) = 32),
  version text not null,
  page integer not null check (page >= 1),
  webp bytea not null,
  primary key (sha256, version, page)
);
-- They are compressed already.
alter table document_thumbnails alter column webp set storage external;
