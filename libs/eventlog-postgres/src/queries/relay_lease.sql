-- Locked rows are being renewed by their holder.
with share as (
    select ceil($2::int::numeric / greatest(count(*), 1))::int as n
    from relay where id = $1 or seen_at > clock_timestamp() - $3::float8 * interval '1 s'
),
mine as materialized (
    select shard from relay_lease where owner = $1
),
free as materialized (
    select shard from relay_lease
    where owner is distinct from $1 and (owner is null or expires_at < clock_timestamp())
    order by random()
    limit greatest((select n from share) - (select count(*) from mine), 0)
    for update skip locked
),
held as (
    update relay_lease l
    set owner = $1,
        epoch = l.epoch + (l.owner is distinct from $1)::int,
        expires_at = clock_timestamp() + $3::float8 * interval '1 s'
    where l.owner = $1
        or l.shard in (select shard from free) and (l.owner is null or l.expires_at < clock_timestamp())
    returning l.shard, l.epoch, l.checked
)
select (select n from share), shard, epoch, checked from held
union all
select (select n from share), null, null, null
