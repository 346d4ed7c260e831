//! Grants, sessions, keys.
