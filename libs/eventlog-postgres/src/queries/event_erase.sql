update event set body = null where log_id = $1 and seq > $2 and seq <= $3
