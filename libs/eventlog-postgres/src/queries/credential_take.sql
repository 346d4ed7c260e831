with taken as (
    delete from credential where log_id = $1 and subject = $2 and kind = $3 and generation = $4 returning 1
)
select 1 / count(*) from taken
