delete from receipt where created_at < ?1
