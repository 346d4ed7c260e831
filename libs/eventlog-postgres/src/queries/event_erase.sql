update event set body = null where log_id = $1
