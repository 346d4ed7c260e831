-- The relay between the store and a feed that other processes hear.

-- When a commit began to wait, by the database's clock, and the trace that its writer was in. A row from before has neither.
alter table outbox add column since timestamptz;
alter table outbox alter column since set default clock_timestamp();
alter table outbox add column trace text check (length(trace) <= 64);

-- For which incarnation of the store the feed's newest records of a shard were last compared with it.
alter table relay_lease add column checked int;

-- The relays that are at work: each holds its share of the shards.
create table relay (
    id uuid primary key,
    seen_at timestamptz not null
);
grant select, insert, update, delete on relay to trilby_relay;
