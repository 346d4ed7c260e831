-- Logs whose head says another kind than their id.
select public_id from log_head
where kind <> case when public_id = 'platform' then 3 when public_id glob '[0-9]*' then 1 else 2 end
limit 20
