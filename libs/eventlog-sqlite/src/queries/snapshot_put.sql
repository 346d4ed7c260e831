insert into snapshot (log_id, state_schema, seq, fold_fp, head_hash, body)
select ?1, ?2, ?3, ?4, ?5, ?6
where exists (select 1 from log_head where log_id = ?1 and state < 3)
on conflict (log_id, state_schema, seq) do update
set fold_fp = excluded.fold_fp, head_hash = excluded.head_hash, body = excluded.body
