with segment as (
    insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root)
    select $1::bytea, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::bytea, $7::bytea
    -- Divides by zero where the segment before is gone: the store was taken back.
    where 1 / ($2 = 1 or exists (select from activity_segment s where s.writer = $1 and s.n = $2 - 1))::int = 1
    returning id
), record as materialized (
    select * from unnest($8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::bytea[], $13::int[], $14::bool[])
        as r(log_id, at, kind, id, body, position, listed)
), listed as (
    insert into activity_id (log_id, id, at) select log_id, id, at from record where listed
)
insert into activity (log_id, at, kind, id, body, segment_id, position)
select r.log_id, r.at, r.kind, r.id, r.body, s.id, r.position from record r cross join segment s
