//! Passwords, access keys, tickets, envelope encryption.
