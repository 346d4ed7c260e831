-- For those who may not make one, and so that nobody waits for it.
select make_activity_hour((extract(epoch from clock_timestamp()) * 1000000)::bigint + ahead * 3600000000)
from generate_series(0, 6) as ahead
