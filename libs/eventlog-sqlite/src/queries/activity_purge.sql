delete from activity
where segment_id in (select id from activity_segment where last_at < ?1 and expired = 0)
