select seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash
from event
where log_id = ?1 and seq > ?2
order by seq
limit ?3
