with gone as (delete from counter where until <= $1 returning 1) select count(*) from gone
