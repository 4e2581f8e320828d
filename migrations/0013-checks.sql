-- Compliance checks, one row for each time somebody asked. `owner` is the document's; `sealed` says whom to tell. `result` has nothing personal in it. `look_at` is when the
-- job of a check that is not final is to be looked for; `fence_ms` and `fence_starts` are of the run that evaluates it.
create table compliance_checks (
  id text collate "C" primary key,
  owner text not null,
  document_id text not null,
  required_class text check (required_class in ('party_agreed', 'law_unspecified', 'law_recognised')),
  declarations jsonb not null,
  status text not null default 'queued' check (status in ('queued', 'evaluating', 'final')),
  sequence integer not null default 1,
  sealed text not null,
  result jsonb,
  report_key text,
  request_id text not null,
  created_at timestamptz(3) not null,
  due_at timestamptz(3) not null,
  look_at timestamptz(3) not null,
  fence_ms bigint not null default 0,
  fence_starts integer not null default 0,
  check ((status = 'final') = (result is not null))
);
create index compliance_checks_owed on compliance_checks (look_at) where status <> 'final';
create index compliance_checks_by_document on compliance_checks (document_id, created_at desc, id desc);

-- What was examined before, sealed, by a digest of everything that it depends on.
create table examinations (
  key text collate "C" primary key,
  value jsonb not null,
  made_at timestamptz(3) not null
);
create index examinations_age on examinations (made_at);
