-- How long envelopes and documents are kept, and what the integrity sweeps saw. `hold_reason` is sealed: it may name people. What is being removed (`purging_at`) can
-- no longer be held.
create table retention (
  subject text collate "C" primary key,
  class text not null,
  starts_at timestamptz(3) not null,
  ends_at timestamptz(3),
  hold_at timestamptz(3),
  hold_reason text,
  hold_actor text,
  version integer not null default 1,
  purging_at timestamptz(3),
  -- whose bytes go: objects, and folders of objects
  purge_keys text[] not null default '{}',
  purge_folders text[] not null default '{}',
  purged_at timestamptz(3),
  check ((hold_at is null) = (hold_reason is null) and (hold_at is null) = (hold_actor is null)),
  check (purging_at is null or hold_at is null),
  check (purged_at is null or purging_at is not null)
);
create index retention_due on retention (ends_at, subject) where purged_at is null and hold_at is null and ends_at is not null;

-- A sweep under way knows how far it has come and which run is at it: a later one goes on behind the cursor.
create table integrity_sweeps (
  id text collate "C" primary key,
  started_at timestamptz(3) not null,
  ended_at timestamptz(3),
  after_key text collate "C",
  fence_ms bigint not null default 0,
  fence_starts integer not null default 0,
  objects integer not null default 0,
  failed integer not null default 0,
  clock_offset_ms integer not null default 0,
  software text not null
);
create index integrity_sweeps_ended on integrity_sweeps (ended_at desc) where ended_at is not null;

-- The newest look at each object.
create table integrity_looks (
  storage_key text collate "C" primary key,
  subject text not null,
  at timestamptz(3) not null,
  outcome text not null check (outcome in ('intact', 'altered', 'missing'))
);
create index integrity_looks_failed on integrity_looks (at) where outcome <> 'intact';

-- What is kept, by key.
create index documents_by_key on documents ((storage_key collate "C"));
create index envelopes_by_sealed_key on envelopes (((seal ->> 'sealedKey') collate "C")) where status = 'completed' and purged_at is null;
create index envelopes_by_document_key on envelopes (document_key) where purged_at is null;
