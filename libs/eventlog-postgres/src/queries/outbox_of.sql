select o.id, h.public_id, o.first_seq, o.last_seq
from outbox o join log_head h on h.log_id = o.log_id
where o.id = any($1)
order by o.id
