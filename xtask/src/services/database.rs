//! A database of its own for something that is not a test.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::{docker, local};

/// Makes the database in the server of this URL, if it is not there; gives its URL.
pub fn make(url: &str, name: &str) -> anyhow::Result<String> {
    let mut psql = match docker::psql(url) {
        Some(command) => command,
        None => local_psql(url),
    };
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]);
    let mut psql = psql
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot run psql")?;
    let mut stdin = psql.stdin.take().context("psql does not listen")?;
    // "create database" knows no "if it is not there": what the query says is run.
    writeln!(
        stdin,
        "select 'create database {name}' where not exists \
         (select from pg_database where datname = '{name}') \\gexec"
    )?;
    drop(stdin);
    ensure!(psql.wait()?.success(), "cannot make the database {name}");
    Ok(with_database(url, name))
}

fn local_psql(url: &str) -> Command {
    let programs = local::programs().map(|folder| folder.join("psql"));
    let psql = programs.filter(|psql| psql.is_file());
    let mut command = Command::new(psql.unwrap_or_else(|| "psql".into()));
    let (url, password) = without_password(url);
    // Where others could read it is no place for a password.
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command.args(["-d", &url]);
    command
}

/// A URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, settings) = match url.split_once('?') {
        Some((address, settings)) => (address, format!("?{settings}")),
        None => (url, String::new()),
    };
    let host = address.find("://").map_or(0, |at| at + "://".len());
    let slash = address.rfind('/').filter(|at| *at >= host);
    let server = slash.and_then(|at| address.get(..at)).unwrap_or(address);
    format!("{server}/{name}{settings}")
}

/// A URL, and the password that was in it.
pub fn without_password(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else {
        return (url.to_owned(), None);
    };
    let Some((login, place)) = rest.split_once('@') else {
        return (url.to_owned(), None);
    };
    match login.split_once(':') {
        Some((user, password)) => (
            format!("{scheme}://{user}@{place}"),
            Some(password.to_owned()),
        ),
        None => (url.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_out_of_the_url() {
        let parted = without_password("postgres://trilby:geheim@127.0.0.1:5432/postgres");
        let url = "postgres://trilby@127.0.0.1:5432/postgres";
        assert_eq!(parted, (url.to_owned(), Some("geheim".to_owned())));
        assert_eq!(without_password(url), (url.to_owned(), None));
    }

    #[test]
    fn a_url_gets_another_database_and_keeps_the_rest() {
        for (url, expected) in [
            ("postgres://a@h:1/postgres", "postgres://a@h:1/x"),
            ("postgres://a@h:1", "postgres://a@h:1/x"),
            (
                "postgres://a@h:1,i:2/p?b=c/d",
                "postgres://a@h:1,i:2/x?b=c/d",
            ),
        ] {
            assert_eq!(with_database(url, "x"), expected);
        }
    }
}
