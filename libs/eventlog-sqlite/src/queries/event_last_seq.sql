select coalesce(max(seq), 0) from event where log_id = ?1
