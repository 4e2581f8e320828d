-- Events that happened here and are to follow into the streams of Redis, written with the change that they tell of.
create table event_outbox (
  number bigint generated always as identity primary key,
  event_id text not null unique,
  partition integer not null,
  type text not null,
  subject text not null,
  sequence bigint not null,
  data json not null,
  request_id text not null,
  actor text not null,
  at timestamptz(3) not null
);
