-- Tables with rows that name a log that is not there.
select 'event' from event t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'outbox' from outbox t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'receipt' from receipt t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'claim' from claim t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'snapshot' from snapshot t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'revocation' from revocation t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'trusting' from trusting t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'credential' from credential t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'sealed_key' from sealed_key t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'personal' from personal t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'one_time' from one_time t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'counter' from counter t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'activity' from activity t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
union all
select 'activity_id' from activity_id t where not exists (select from log_head h where h.log_id = t.log_id) group by 1
