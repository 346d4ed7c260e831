select seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash, log_id
from event
where log_id = (select log_id from log_head where public_id = $1::text)
  and seq >= (
    select f.commit_first - 1 from event f
    where f.log_id = (select log_id from log_head where public_id = $1::text) and f.seq = $2)
order by seq
limit $3
