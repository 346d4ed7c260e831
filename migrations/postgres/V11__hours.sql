-- An hour that has its partition is no reason to wait for anybody. None is made of times to come, nor more than a year of
-- them and what may lie before.
create or replace function make_activity_hour(moment bigint) returns void
    language plpgsql security definer as $$
declare
    hour constant bigint := 3600000000;
    present constant bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
    first bigint := floor(moment::numeric / hour)::bigint;
    name text := 'activity_' || replace(first::text, '-', 'b');
begin
    if to_regclass(format('%I', name)) is not null then
        return;
    end if;
    if moment > present + 25 * hour then
        raise exception 'no records of that hour are taken' using errcode = '22023';
    end if;
    perform pg_advisory_xact_lock(hashtext('trilby.activity'), 0);
    if (select count(*) from pg_inherits where inhparent = 'activity'::regclass) >= 10000 then
        raise exception 'there are records of too many hours' using errcode = '54000';
    end if;
    if to_regclass(format('%I', name)) is null then
        execute format('create table %I (like activity including defaults including constraints including indexes)', name);
        execute format('alter table activity attach partition %I for values from (%s) to (%s)',
            name, first * hour, (first + 1) * hour);
    end if;
end $$;

do $$
begin
    execute format('alter function make_activity_hour(bigint) set search_path = %I, pg_temp', current_schema());
end $$;
