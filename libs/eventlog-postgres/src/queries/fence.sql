-- Revocations count as written by this transaction: a dump brings the numbers of another server's, which may be ahead of this
-- one's, and until it comes there every poll would read them all again.
with counted as (update revocation set tx = default)
update store_meta set incarnation = greatest(incarnation + 1, $3), pg_system_id = $1, pg_timeline = $2
returning store_id, incarnation, store_key_fp, min_reader_level
