delete from counter where log_id = $1
