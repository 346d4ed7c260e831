update log_head set state = $2 where log_id = $1 and state < $2
