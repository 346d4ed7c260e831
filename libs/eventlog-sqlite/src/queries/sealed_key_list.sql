select ?3, kind, id, kek_id, body
from sealed_key
where log_id = ?1 and kind = ?2
order by id
