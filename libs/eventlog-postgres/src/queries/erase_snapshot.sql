delete from snapshot where log_id = $1
