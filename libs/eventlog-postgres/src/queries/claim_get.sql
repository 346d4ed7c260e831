select h.public_id, c.seq
from claim c join log_head h using (log_id)
where c.scope = case when $1::text is null then 0 else (select log_id from log_head where public_id = $1::text) end
  and c.kind = $2 and c.value_mac = $3
