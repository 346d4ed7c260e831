-- Receipts are made in the order of their times, and are cleared away in that order: an index on the time is written with each
-- commit and says nothing more.
drop index receipt_created_at;
