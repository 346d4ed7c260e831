select o.id, h.public_id, o.first_seq, o.last_seq
from outbox o join log_head h using (log_id)
order by o.id
limit $1
