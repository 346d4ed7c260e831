insert into claim (scope, kind, value_mac, log_id, seq) values ($1, $2, $3, $4, $5)
