update credential set body = $5, expires_at = $6
where log_id = $1 and subject = $2 and kind = $3 and generation = $4
