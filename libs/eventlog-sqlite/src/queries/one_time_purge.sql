delete from one_time where expires_at <= ?1
