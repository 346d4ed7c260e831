select exists (select 1 from log_head) or exists (select 1 from activity_segment)
