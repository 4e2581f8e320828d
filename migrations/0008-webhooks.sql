-- Who is told of events. Secrets are sealed; the one before goes on signing until its time is over.
create table webhook_endpoints (
  id text primary key,
  url text not null,
  events text[] not null,
  scheme text not null check (scheme in ('ed25519', 'hmac')),
  description text not null,
  disabled_reason text,
  sealed_secret text not null,
  previous_sealed_secret text,
  previous_until timestamptz(3),
  version integer not null default 1,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null
);

-- Events that somebody is told of. The body is the same for every endpoint and every try.
create table webhook_events (
  id text primary key,
  type text not null,
  body text not null,
  created_at timestamptz(3) not null
);

create table webhook_deliveries (
  id text primary key,
  number bigint generated always as identity unique,
  event_id text not null references webhook_events (id),
  endpoint_id text not null references webhook_endpoints (id) on delete cascade,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'dead')),
  attempts integer not null default 0,
  round_start integer not null default 0,
  next_attempt_at timestamptz(3) not null,
  -- when its job is to be looked for again: the truth about what is due is here, not in the queue
  look_at timestamptz(3) not null,
  lease_until timestamptz(3),
  reason text,
  created_at timestamptz(3) not null,
  ended_at timestamptz(3)
);
create index webhook_deliveries_owed on webhook_deliveries (look_at) where status = 'pending';
create index webhook_deliveries_under_way on webhook_deliveries (endpoint_id, lease_until) where lease_until is not null;
create index webhook_deliveries_endpoint on webhook_deliveries (endpoint_id, number);
create index webhook_deliveries_dead on webhook_deliveries (number) where status = 'dead';
create index webhook_deliveries_event on webhook_deliveries (event_id);
create index webhook_deliveries_ended on webhook_deliveries (ended_at) where ended_at is not null;

create table webhook_attempts (
  delivery_id text not null references webhook_deliveries (id) on delete cascade,
  number integer not null,
  at timestamptz(3) not null,
  duration_ms integer not null,
  outcome text not null,
  status integer,
  primary key (delivery_id, number)
);
