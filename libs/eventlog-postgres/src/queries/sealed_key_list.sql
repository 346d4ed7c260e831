select $1::text, kind, id, kek_id, body
from sealed_key
where log_id = (select log_id from log_head where public_id = $1::text) and kind = $2
order by id
