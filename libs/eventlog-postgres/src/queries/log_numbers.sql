select public_id, log_id from log_head where public_id = any($1)
