delete from receipt
where rowid in (select rowid from receipt order by rowid limit 1000) and created_at < ?1
