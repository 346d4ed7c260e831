with log as materialized (
    select log_id, forget_snapshot(log_id, $2, $3) from log_head where public_id = $1::text and state < 3
)
insert into snapshot (log_id, state_schema, seq, fold_fp, head_hash, body)
select log_id, $2, $3, $4, $5, $6 from log
on conflict do nothing
