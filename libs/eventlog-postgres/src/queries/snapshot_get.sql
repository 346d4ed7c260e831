select $1::text, state_schema, seq, fold_fp, head_hash, body
from snapshot
where log_id = (select log_id from log_head where public_id = $1::text and state < 3) and state_schema = $2 and seq <= $3
order by seq desc
limit 1
