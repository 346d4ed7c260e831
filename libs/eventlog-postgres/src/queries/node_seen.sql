with forgotten as (delete from node where seen_at < clock_timestamp() - interval '1 day' and id <> $1::text::uuid)
insert into node (id, kind, seen_at, applied) values ($1::text::uuid, $2::int, clock_timestamp(), $3)
on conflict (id) do update set kind = excluded.kind, seen_at = excluded.seen_at, applied = excluded.applied
returning (extract(epoch from seen_at) * 1000000)::bigint
