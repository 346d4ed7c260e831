insert into outbox (log_id, first_seq, last_seq, tx_id) values (?1, ?2, ?3, ?4)
