with gone as (
    delete from relay where seen_at < clock_timestamp() - interval '1 minute' and id <> $1
)
insert into relay (id, seen_at) values ($1, clock_timestamp())
on conflict (id) do update set seen_at = excluded.seen_at
