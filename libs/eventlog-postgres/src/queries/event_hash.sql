select hash from event where log_id = (select log_id from log_head where public_id = $1::text) and seq = $2
