select ?4, state_schema, seq, fold_fp, head_hash, body
from snapshot
where log_id = ?1 and state_schema = ?2 and seq <= ?3
order by seq desc
limit 1
