with raised as (
    insert into counter as c (log_id, subject, kind, value, until) values ($1, $2, $3, $4, $5)
    on conflict (log_id, subject, kind) do update set value = excluded.value, until = excluded.until
    where c.value < excluded.value
    returning value, until
)
select (select value from raised), (select until from raised), 1 / count(*) from raised
