select $1::text, purpose, key_hash, expires_at
from one_time
where log_id = (select log_id from log_head where public_id = $1::text) and purpose = $2 and key_hash = $3
