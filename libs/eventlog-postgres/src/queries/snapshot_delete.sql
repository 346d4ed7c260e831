with log as materialized (
    select log_id from log_head where public_id = $1::text
), other as materialized (
    select state_schema from snapshot
    where log_id = (select log_id from log) and state_schema <> $2
    order by seq desc, state_schema desc
    limit 1
), gone as (
    delete from snapshot
    where log_id = (select log_id from log) and case when state_schema = $2
        then seq = any($3)
        else state_schema <> (select state_schema from other)
    end
    returning 1
)
select count(*) from gone
