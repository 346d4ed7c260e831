insert into counter as c (log_id, subject, kind, value, until) values ($1, $2, $3, $4, $5)
on conflict (log_id, subject, kind) do update set
    value = case
        when c.until is null or c.until > $6::bigint
        then least(greatest(c.value::numeric + excluded.value, -9223372036854775808), 9223372036854775807)::bigint
        else excluded.value
    end,
    until = coalesce(excluded.until, case when c.until > $6::bigint then c.until end)
returning value, until
