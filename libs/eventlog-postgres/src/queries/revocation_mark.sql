select pg_snapshot_xmin(pg_current_snapshot())::text, (select coalesce(max(n), 0) from revocation)
