//! Accounts, users, groups, policies, organizations: the admin API.
