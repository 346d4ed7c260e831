select hash from event where log_id = ?1 and seq = ?2
