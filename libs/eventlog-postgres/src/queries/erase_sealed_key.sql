delete from sealed_key where log_id = $1
