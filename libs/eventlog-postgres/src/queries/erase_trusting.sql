delete from trusting where log_id = $1
