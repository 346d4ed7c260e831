select coalesce((select seq from sqlite_sequence where name = 'activity_segment'), 0) + 1
