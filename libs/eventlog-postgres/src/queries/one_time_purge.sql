with gone as (delete from one_time where expires_at <= $1 returning 1) select count(*) from gone
