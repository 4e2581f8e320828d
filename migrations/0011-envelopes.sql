-- Envelopes and their acts. `owner` is a fingerprint; titles, names, addresses and words are in the sealed members; `due_at` is when a job is owed next, `look_at` when
-- that job is to be looked for. Everything that one decision changes is written in one transaction.
create table envelopes (
  id text collate "C" primary key,
  owner text not null,
  document_id text not null,
  document_key text not null,
  document_sha256 bytea not null check (octet_length(document_sha256) = 32),
  document_bytes bigint not null,
  document_version text not null,
  pages integer not null,
  is_signed boolean not null,
  status text not null check (status in ('sent', 'partially_signed', 'sealing', 'completed', 'declined', 'expired', 'canceled', 'seal_failed')),
  sequence integer not null,
  required_class text not null check (required_class in ('party_agreed', 'law_unspecified', 'law_recognised')),
  signing_order text not null check (signing_order in ('parallel', 'sequential')),
  declarations jsonb not null,
  reminders jsonb,
  retention text not null,
  -- empty once it was erased
  sealed text not null,
  signers jsonb not null,
  acts_head text not null,
  seal jsonb,
  reason text,
  request_id text not null,
  created_at timestamptz(3) not null,
  prepared_at timestamptz(3),
  expires_at timestamptz(3) not null,
  ended_at timestamptz(3),
  purged_at timestamptz(3),
  due_at timestamptz(3),
  look_at timestamptz(3)
);
create index envelopes_by_owner on envelopes (owner, created_at desc, id desc);
create index envelopes_by_age on envelopes (created_at desc, id desc);
create index envelopes_by_document on envelopes (document_id, created_at desc);
create index envelopes_owed on envelopes (look_at) where due_at is not null;

create table envelope_acts (
  envelope_id text not null references envelopes (id),
  sequence integer not null,
  type text not null,
  signer integer,
  at timestamptz(3) not null,
  facts jsonb not null,
  -- sealed; null when there is nothing personal, or no longer
  personal text,
  erased boolean not null default false,
  previous_hash text not null,
  hash text not null,
  primary key (envelope_id, sequence)
);
