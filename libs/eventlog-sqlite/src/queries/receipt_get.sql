select ?3, key, req_hash, first_seq, last_seq, status, response, created_at
from receipt
where log_id = ?1 and key = ?2
