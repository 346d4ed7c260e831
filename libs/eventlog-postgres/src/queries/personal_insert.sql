insert into personal (log_id, subject, field, generation, salt, body) values ($1, $2, $3, $4, $5, $6)
