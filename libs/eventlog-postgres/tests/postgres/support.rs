//! What the tests share.

pub mod cluster;
pub mod common;
pub mod disk;
pub mod proxy;
pub mod work;
