select $1::text, key, req_hash, first_seq, last_seq, status, response, created_at
from receipt
where log_id = (select log_id from log_head where public_id = $1::text) and key = $2
