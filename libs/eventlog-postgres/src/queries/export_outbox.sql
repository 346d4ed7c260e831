select t.id, t.id, h.public_id, t.first_seq, t.last_seq
from outbox t join log_head h on h.log_id = t.log_id
where t.id > $1 and ($2::text is null or h.public_id = $2)
order by t.id
limit $3
