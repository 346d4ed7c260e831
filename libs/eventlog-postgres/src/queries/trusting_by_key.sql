select t.key, h.public_id, t.role, t.seq
from trusting t join log_head h using (log_id)
where t.key = any($1)
order by t.key, h.public_id, t.role
