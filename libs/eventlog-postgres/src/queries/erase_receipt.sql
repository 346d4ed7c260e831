delete from receipt where log_id = $1
