with gone as (
    delete from snapshot
    where log_id = (select log_id from log_head where public_id = $1::text) and (state_schema <> $2 or seq = any($3))
    returning 1
)
select count(*) from gone
