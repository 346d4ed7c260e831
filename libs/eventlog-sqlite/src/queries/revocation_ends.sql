select exists (
    select 1
    from revocation r join log_head h using (log_id)
    where r.kind = ?1 and r.id_hash = ?2 and h.public_id = ?3 and r.before_seq > ?4
)
