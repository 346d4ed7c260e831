-- What the services were found to need beyond V3.

-- An append puts a row of `trusting` in the place of another by the new row's seq, which counts as reading it.
grant select (seq) on trusting to trilby_identity;

-- The token service has to compare a login's name with root's e-mail address. Of personal rows it sees those addresses and
-- no other, and only of the account that it has named.
grant select on personal to trilby_token;
create policy root_email on personal as restrictive for select to trilby_token
    using (field = 2 and subject ~ '^[0-9]{12}$');
