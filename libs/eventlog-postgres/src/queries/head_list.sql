select public_id, seq, hash, last_at, state
from log_head
where public_id > $1 and seq > 0
order by public_id
limit $2
