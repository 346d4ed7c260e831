with gone as (delete from revocation where at < $1 returning 1) select count(*) from gone
