//! Live state per account, from log and feed.
