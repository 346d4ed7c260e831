delete from trusting where key = ?1 and log_id = ?2 and role = ?3
