with log as materialized (
    select log_id from log_head where public_id = $1::text and state < 3
), old as (
    delete from snapshot
    where log_id = (select log_id from log) and state_schema = $2 and seq = $3
    returning 1
)
insert into snapshot (log_id, state_schema, seq, fold_fp, head_hash, body)
select log_id, $2, $3, $4, $5, $6 from log where (select count(*) from old) >= 0
on conflict do nothing
