select kind, id, value from installation order by kind, n
