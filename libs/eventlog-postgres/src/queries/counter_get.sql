select value, until
from counter
where log_id = (select log_id from log_head where public_id = $1::text) and subject = $2 and kind = $3
