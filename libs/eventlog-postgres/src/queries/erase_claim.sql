delete from claim where log_id = $1
