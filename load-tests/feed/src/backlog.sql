-- `:accounts` logs of `:each` commits, none of them told. The relay hashes nothing, so that any hash will do.
insert into log_head (public_id, kind, seq, hash, last_at)
select lpad(n::text, 12, '0'), 1, :each, sha256(convert_to(lpad(n::text, 12, '0') || ':' || :each, 'UTF8')), 1700000000000000
from generate_series(1, :accounts) n;

insert into event (log_id, seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash)
select h.log_id, s, s, s, 1700000000000000, 'load.happened', 1, 1, b.body, sha256(b.body),
    sha256(convert_to(h.public_id || ':' || s, 'UTF8'))
from log_head h, generate_series(1, :each) s,
-- About 300 bytes that do not compress to nothing.
lateral (
    select convert_to(
        '{"data":{"of":"' || md5(h.public_id || s) || md5(s || h.public_id) || md5(h.public_id || ':' || s)
            || md5(s || ':' || h.public_id) || '","to":"' || md5(h.public_id || '/' || s) || md5(s || '/' || h.public_id)
            || md5(h.public_id || '-' || s) || md5(s || '-' || h.public_id) || '"}}',
        'UTF8'
    ) as body
) b
where h.public_id <= lpad(:accounts::text, 12, '0');

-- The shard: the first eight bytes of the name's SHA-256 as a number, modulo 48.
insert into outbox (shard, log_id, first_seq, last_seq, tx_id)
select mod(d.high::numeric * 4294967296 + d.low, 48)::smallint, h.log_id, s, s, substring(h.hash for 16)
from log_head h, generate_series(1, :each) s,
lateral (
    select ('x' || encode(substring(k.hash from 1 for 4), 'hex'))::bit(32)::bigint as high,
        ('x' || encode(substring(k.hash from 5 for 4), 'hex'))::bit(32)::bigint as low
    from (select sha256(convert_to(h.public_id, 'UTF8')) as hash) k
) d
where h.public_id <= lpad(:accounts::text, 12, '0')
order by s, h.log_id;

analyze log_head;
analyze event;
analyze outbox;
