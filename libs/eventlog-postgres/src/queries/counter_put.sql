insert into counter (log_id, subject, kind, value, until) values ($1, $2, $3, $4, $5)
