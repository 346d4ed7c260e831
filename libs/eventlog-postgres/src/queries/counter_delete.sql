delete from counter where log_id = $1 and subject = $2 and kind = $3
