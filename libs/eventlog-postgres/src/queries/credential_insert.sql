insert into credential (log_id, subject, kind, generation, body, expires_at) values ($1, $2, $3, $4, $5, $6)
