delete from snapshot where log_id = ?1 and state_schema = ?2 and seq = ?3
