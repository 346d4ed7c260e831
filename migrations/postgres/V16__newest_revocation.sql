-- Whoever polls asks which is the newest revocation, and for those after it.
create index revocation_n on revocation (n);
