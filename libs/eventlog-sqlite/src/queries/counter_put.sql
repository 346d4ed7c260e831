insert into counter (log_id, subject, kind, value, until) values (?1, ?2, ?3, ?4, ?5)
on conflict (log_id, subject, kind) do update set value = excluded.value, until = excluded.until
