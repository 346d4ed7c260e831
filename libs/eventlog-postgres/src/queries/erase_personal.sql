delete from personal where log_id = $1
