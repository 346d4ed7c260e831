delete from one_time where log_id = $1
