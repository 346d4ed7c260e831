select log_id, seq, hash, last_at, state from log_head where public_id = ?1
