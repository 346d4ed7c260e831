insert into activity (log_id, at, kind, id, body, segment_id, position)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
on conflict (log_id, id) do nothing
