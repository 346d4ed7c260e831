select h.log_id, h.public_id, h.seq, h.hash, h.last_at, h.state
from log_head h
where h.log_id > $1 and ($2::text is null or h.public_id = $2)
order by h.log_id
limit $3
