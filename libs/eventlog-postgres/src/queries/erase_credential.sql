delete from credential where log_id = $1
