delete from outbox where id between ?1 and ?2
