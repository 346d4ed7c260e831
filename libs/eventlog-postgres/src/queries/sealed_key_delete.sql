delete from sealed_key where log_id = $1 and kind = $2 and id = $3
