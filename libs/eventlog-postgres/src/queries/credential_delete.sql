delete from credential where log_id = $1 and subject = $2 and ($3::int is null or kind = $3)
