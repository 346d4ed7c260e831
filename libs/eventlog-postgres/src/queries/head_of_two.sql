select public_id, seq, hash, last_at, state, log_id from log_head where public_id in ($1, $2) and seq > 0
