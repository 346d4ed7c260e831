insert into credential (log_id, subject, kind, generation, body, expires_at) values ($1, $2, $3, $4, $5, $6)
on conflict (log_id, subject, kind, generation) do update
set body = excluded.body, expires_at = excluded.expires_at
