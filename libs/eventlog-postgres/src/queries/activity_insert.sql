with segment as (
    insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root)
    values ($1, $2, $3, $4, $5, $6, $7)
    returning id
), record as materialized (
    select * from unnest($8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::bytea[], $13::int[], $14::bool[])
        as r(log_id, at, kind, id, body, position, listed)
), listed as (
    insert into activity_id (log_id, id, at) select log_id, id, at from record where listed
)
insert into activity (log_id, at, kind, id, body, segment_id, position)
select r.log_id, r.at, r.kind, r.id, r.body, s.id, r.position from record r cross join segment s
