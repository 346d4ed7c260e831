-- Who works on the store: by the name that a connection gives itself, or by a login that is of a service and no owner's.
select coalesce(a.usename, '?')::text, coalesce(nullif(a.application_name, ''), '?'), count(*)
from pg_stat_activity a left join pg_roles r on r.oid = a.usesysid
where a.datname = current_database() and a.pid <> pg_backend_pid()
    and coalesce(a.application_name, '') not in ('trilby_admin', 'trilby_migrate')
    and (a.application_name like 'trilby%'
        or not r.rolsuper and not pg_has_role(r.oid, 'trilby_admin', 'member') and exists (
            select from unnest(array['trilby_identity', 'trilby_token', 'trilby_decision', 'trilby_relay', 'trilby_sink'])
                as service (name)
            where pg_has_role(r.oid, service.name, 'member')))
group by 1, 2 order by 1, 2
