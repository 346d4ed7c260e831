with gone as (delete from receipt where created_at < $1 returning 1) select count(*) from gone
