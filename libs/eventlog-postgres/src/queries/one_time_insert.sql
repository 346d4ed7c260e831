insert into one_time (log_id, purpose, key_hash, expires_at) values ($1, $2, $3, $4)
