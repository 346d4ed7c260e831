select t.key, h.public_id, t.role, t.seq
from trusting t join log_head h using (log_id)
where t.key = ?1
order by h.public_id, t.role
