-- Mails that are owed for a reason. The row is the truth, the job only carries it. Whom it goes to is sealed, and empty once it has ended.
create table notices (
  id text primary key,
  number bigint generated always as identity unique,
  kind text not null,
  envelope_id text,
  signer integer,
  -- which reminder it is; 1 for all else
  ordinal integer not null,
  audience text,
  sealed text not null,
  status text not null default 'scheduled' check (status in ('scheduled', 'sending', 'sent', 'skipped', 'failed', 'unknown')),
  due_at timestamptz(3) not null,
  -- when its job is to be looked for again
  look_at timestamptz(3) not null,
  -- who sends: the job's time stamp and how often it was started
  fence_ms bigint not null default 0,
  fence_starts integer not null default 0,
  tries integer not null default 0,
  unknowns integer not null default 0,
  provider text,
  reference text,
  reason text,
  request_id text not null,
  created_at timestamptz(3) not null,
  ended_at timestamptz(3)
);
create index notices_owed on notices (look_at) where status in ('scheduled', 'sending');
create index notices_envelope on notices (envelope_id, number) where envelope_id is not null;
create index notices_ended on notices (ended_at) where ended_at is not null;

-- What a person finds in the product. Words and address are sealed; the audience is a fingerprint.
create table notifications (
  id text primary key,
  audience text not null,
  kind text not null,
  subject text not null,
  sealed text not null,
  mail_to text,
  is_mailed boolean not null,
  request_id text not null,
  created_at timestamptz(3) not null,
  read_at timestamptz(3),
  -- the notice that tells of it
  digest_id text,
  digested_at timestamptz(3)
);
create index notifications_audience on notifications (audience, created_at, id);
create index notifications_unread on notifications (audience) where read_at is null;
create index notifications_unseen on notifications (audience, created_at) where read_at is null and not is_mailed and digested_at is null;
create index notifications_digest on notifications (digest_id) where digest_id is not null;
create index notifications_created on notifications (created_at);
create index notifications_subject on notifications (subject);
