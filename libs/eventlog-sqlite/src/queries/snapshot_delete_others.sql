delete from snapshot
where log_id = ?1 and state_schema <> ?2 and state_schema <> (
    select state_schema from snapshot
    where log_id = ?1 and state_schema <> ?2
    order by seq desc, state_schema desc
    limit 1)
