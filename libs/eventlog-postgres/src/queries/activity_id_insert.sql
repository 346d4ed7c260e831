insert into activity_id (log_id, id, at) values ($1, $2, $3)
