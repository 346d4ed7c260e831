//! An empty database for a cluster.

use anyhow::Context as _;
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};

/// Makes a database anew on a server that is given by the URL of a login which may; its URL without the password, and the
/// password.
///
/// # Errors
/// The server is not reached, or does not make it.
pub async fn fresh(server: &str, name: &str) -> anyhow::Result<(String, Option<String>)> {
    let config: Config = server.parse().context("the URL")?;
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    for sql in [
        format!("drop database if exists {name} with (force)"),
        format!("create database {name}"),
    ] {
        client.batch_execute(&sql).await?;
    }
    let Some(Host::Tcp(host)) = config.get_hosts().first() else {
        anyhow::bail!("a server that is reached over the network");
    };
    let port = config.get_ports().first().copied().unwrap_or(5_432);
    let user = config.get_user().context("a URL with a user")?;
    let password = config.get_password().map(String::from_utf8_lossy);
    Ok((
        format!("postgres://{user}@{host}:{port}/{name}"),
        password.map(std::borrow::Cow::into_owned),
    ))
}
