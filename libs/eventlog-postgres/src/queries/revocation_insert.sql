insert into revocation (log_id, kind, id_hash, seq, before_seq, at) values ($1, $2, $3, $4, $5, $6)
