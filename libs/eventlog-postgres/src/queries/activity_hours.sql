-- First which tables they are: of no other table does the name say an hour.
with part as materialized (
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'activity'::regclass
), hours as materialized (
    select replace(substr(relname, 10), 'b', '-')::bigint as hour from part
)
select hour from hours where hour between $1 and $2 order by hour desc
