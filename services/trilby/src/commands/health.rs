//! `trilby health`: for supervisors that can only run a program, as in a container that holds nothing else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use trilby_service::settings::Settings;

use crate::terminal::Terminal;

/// Longest the process may take to answer: supervisors wait a little longer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the process that runs beside this one, with the same settings, on its operator's port.
pub fn run(settings: &Settings, live: bool, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let path = if live { "livez" } else { "readyz" };
    let address = beside(settings.server.operator_listen);
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .proxy(None)
        .build()
        .into();
    let answer = agent.get(format!("http://{address}/{path}")).call();
    let (said, good) = match answer {
        Ok(mut answer) => {
            let good = answer.status().is_success();
            let said = answer.body_mut().read_to_string();
            (said.unwrap_or_default(), good)
        }
        Err(ureq::Error::Timeout(_)) => {
            let within = PATIENCE.as_secs();
            (format!("no answer from {address} within {within} s"), false)
        }
        Err(error) => (format!("no answer from {address}: {error}"), false),
    };
    terminal.line(said.trim_end())?;
    Ok(ExitCode::from(u8::from(!good)))
}

/// Who listens everywhere is found on loopback.
fn beside(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
