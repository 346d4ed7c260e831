select h.public_id, c.seq
from claim c join log_head h using (log_id)
where c.scope = ?1 and c.kind = ?2 and c.value_mac = ?3
