do $$
declare
    role text;
begin
    foreach role in array array['trilby_admin', 'trilby_identity', 'trilby_token', 'trilby_decision', 'trilby_relay', 'trilby_sink']
    loop
        -- Roles belong to the cluster: another store may have made them, or be making them now.
        if not exists (select from pg_roles where rolname = role) then
            begin
                execute format('create role %I nologin', role);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
    end loop;
    -- From 16 on whoever makes a role is a member of it, but may not act as it.
    if not pg_has_role(current_user, 'trilby_admin',
        case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end)
    then
        execute format('grant trilby_admin to %I', current_user);
    end if;
    if not has_schema_privilege('trilby_admin', current_schema(), 'create') then
        execute format('grant create on schema %I to trilby_admin', current_schema());
    end if;
end $$
