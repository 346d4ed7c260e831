with recursive log as materialized (
    select log_id, seq as last from log_head where public_id = $1::text and seq > 0
), step (low, high) as (
    select 0::bigint, last from log
    union all
    select case when early then middle else low end, case when early then high else middle - 1 end
    from (
        select s.low, s.high, m.middle, (select e.at <= $2 from event e
            where e.log_id = (select log_id from log) and e.seq = m.middle) as early
        from step s, lateral (select s.low + (s.high - s.low + 1) / 2 as middle) m
        where s.low < s.high
    ) halved
)
select e.commit_first, e.commit_last, e.at, l.hash
from step s
join event e on e.log_id = (select log_id from log) and e.seq = s.low
left join event l on l.log_id = e.log_id and l.seq = e.commit_last
where s.low = s.high
