-- `commits_from` for each of several logs, the n-th of which has its rows under the number n; no further than to the end of the
-- commit that has the last event wanted.
select e.seq, e.commit_first, e.commit_last, e.at, e.etype, e.ever, e.inc, e.body, e.body_hash, e.hash, h.log_id, w.n
from unnest($1::text[], $2::bigint[]) with ordinality as w (name, wanted, n)
join log_head h on h.public_id = w.name
cross join lateral (
    select * from event e
    where e.log_id = h.log_id
      and e.seq >= (select f.commit_first - 1 from event f where f.log_id = h.log_id and f.seq = w.wanted)
      and e.seq <= (
        select f.commit_last from event f
        where f.log_id = h.log_id and f.seq between w.wanted and w.wanted + $3 - 1
        order by f.seq desc limit 1)
    order by e.seq
) e
order by w.n, e.seq
