//! When to stop.

use std::future::Future;

/// Done when the process is asked to stop: SIGTERM or SIGINT (Ctrl-C). Never done if the host cannot tell.
///
/// Signals are caught from this call on, before the future is first polled: whoever reads that the process is ready may
/// stop it at once, and must not kill it by that. Call it within a runtime.
#[cfg(unix)]
pub fn stop_signal() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = signal(SignalKind::terminate())
        .and_then(|term| Ok((term, signal(SignalKind::interrupt())?)));
    async move {
        match signals {
            Ok((mut term, mut interrupt)) => {
                tokio::select! {
                    _ = term.recv() => {}
                    _ = interrupt.recv() => {}
                }
            }
            Err(error) => {
                tracing::error!(%error, "signals cannot be received; only a kill stops this process");
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Done when the process is asked to stop (Ctrl-C). Never done if the host cannot tell.
#[cfg(not(unix))]
pub fn stop_signal() -> impl Future<Output = ()> + Send {
    async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
