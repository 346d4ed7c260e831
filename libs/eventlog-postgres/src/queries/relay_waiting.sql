select o.shard, o.id, o.tx_id, h.public_id, o.first_seq, o.last_seq, o.trace, coalesce(extract(epoch from clock_timestamp() - o.since), extract(epoch from clock_timestamp()) - e.at / 1e6)::float8, p.hash,
    e.seq, e.commit_first, e.commit_last, e.at, e.etype, e.ever, e.inc, e.body, e.body_hash, e.hash
from unnest($1::smallint[], $2::bigint[]) as s(shard, after)
cross join lateral (
    select * from outbox o where o.shard = s.shard and o.id > s.after order by o.id limit $3
) o
left join log_head h on h.log_id = o.log_id -- a row of no log is an error: passed over, it would hide those behind it
left join lateral (select p.hash from event p where p.log_id = o.log_id and p.seq = o.first_seq - 1) p on true
left join lateral (
    select e.* from event e where e.log_id = o.log_id and e.seq between o.first_seq and o.last_seq offset 0
) e on true
order by o.shard, o.id, e.seq
