update log_head set seq = $2, hash = $3, last_at = $4, state = $5 where log_id = $1
