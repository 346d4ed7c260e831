insert into activity (log_id, at, kind, id, body, segment_id, position)
values ($1, $2, $3, $4, $5, (select id from activity_segment where writer = $6 and n = $7), $8)
