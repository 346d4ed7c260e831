update activity_segment set expired = 1 where last_at < ?1 and expired = 0
