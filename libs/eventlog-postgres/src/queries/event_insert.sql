insert into event (log_id, seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
