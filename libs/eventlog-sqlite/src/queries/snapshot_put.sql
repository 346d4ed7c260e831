insert into snapshot (log_id, state_schema, seq, fold_fp, head_hash, body)
values (?1, ?2, ?3, ?4, ?5, ?6)
on conflict (log_id, state_schema, seq) do update
set fold_fp = excluded.fold_fp, head_hash = excluded.head_hash, body = excluded.body
