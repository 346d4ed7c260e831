-- The revocations come first: there is hardly ever one, and then no log is looked up.
select exists (
    select 1
    from revocation r cross join log_head h on h.log_id = r.log_id
    where r.kind = ?1 and r.id_hash = ?2 and r.before_seq > ?4 and h.public_id = ?3
)
