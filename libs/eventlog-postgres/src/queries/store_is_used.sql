select exists (select from log_head) or exists (select from activity_segment)
