//! Events, commands and state of accounts and organizations.
