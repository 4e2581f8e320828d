-- What people sent in by forms, onboarding and wizards. `sealed` is the data under the master keys; `owner` a keyed fingerprint. A row counts once
-- `completed_at` is set; until then a newer version of the same draft may take its place.
create table flow_submissions (
  id text primary key,
  kind text not null,
  definition text not null,
  definition_version integer not null,
  draft_id text not null,
  draft_version integer not null,
  owner text not null,
  sealed text not null,
  created_at timestamptz not null,
  completed_at timestamptz,
  handed_over_at timestamptz
);

-- What the hand-over still owes: few rows at any time.
create index flow_submissions_owed on flow_submissions (completed_at nulls last, created_at) where handed_over_at is null;
create index flow_submissions_by_definition on flow_submissions (definition, completed_at desc);
