select seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash
from event
where log_id = (select log_id from log_head where public_id = $1::text) and seq > $2
order by seq
limit $3
