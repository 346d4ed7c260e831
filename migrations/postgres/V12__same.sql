-- Whoever stores records that may come twice can tell one that came again from another under its id, and sees nothing of
-- what is kept.
create function is_activity(of_log bigint, of_id text, of_at bigint, of_kind text, of_body bytea) returns bool
    language plpgsql stable security definer as $$
begin
    return exists (
        select from activity a
        where a.log_id = of_log and a.id = of_id and a.at = of_at and a.kind = of_kind and a.body = of_body);
end $$;

do $$
begin
    -- It runs with its owner's rights: what it means by a name must not depend on who calls.
    execute format('alter function is_activity(bigint, text, bigint, text, bytea) set search_path = %I, pg_temp', current_schema());
end $$;
revoke execute on function is_activity(bigint, text, bigint, text, bytea) from public;
grant execute on function is_activity(bigint, text, bigint, text, bytea) to trilby_relay;
