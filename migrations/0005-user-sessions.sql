-- Every session UUID that was ever handed out: the primary key is what keeps one from being handed out again, also after Redis has forgotten it.
-- `owner` is a keyed fingerprint of whoever it was reserved for.
create table user_sessions (
  uuid uuid primary key,
  owner text not null,
  reserved_at timestamptz not null,
  recorded_at timestamptz not null default now(),
  abandoned_at timestamptz
);

create index user_sessions_by_owner on user_sessions (owner, reserved_at desc);
