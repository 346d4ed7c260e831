insert into sealed_key (log_id, kind, id, kek_id, body) values ($1, $2, $3, $4, $5)
