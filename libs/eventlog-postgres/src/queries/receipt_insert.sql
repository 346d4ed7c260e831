insert into receipt (log_id, key, req_hash, first_seq, last_seq, status, response, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
