//! A cluster on this host: several processes of every service over one store, behind a small proxy on one port.
//!
//! For development, tests and measurements. It sees what an operator sees: a binary, its settings, its ports.
//!
//! | module | what |
//! | --- | --- |
//! | [`topology`] | the table of services: how many, which keys, which routes |
//! | [`member`] | one process: start, wait until it is ready, stop, kill |
//! | [`proxy`] | one port for all: a route's replicas in turn, without those that say they are not ready |
//! | [`kafka`] | a broker of Apache Kafka: start, kill, pause, wipe |
//! | [`cluster`] | all of it together |
//! | `database` | an empty database for it (feature `database`) |

pub mod cluster;
#[cfg(feature = "database")]
pub mod database;
pub mod kafka;
pub mod member;
pub mod proxy;
pub mod topology;

pub use cluster::{Cluster, Config, Kafka};
pub use topology::Topology;
