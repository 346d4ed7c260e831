delete from revocation where at < ?1
