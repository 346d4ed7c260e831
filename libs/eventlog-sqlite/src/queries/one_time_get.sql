select ?4, purpose, key_hash, expires_at
from one_time
where log_id = ?1 and purpose = ?2 and key_hash = ?3
