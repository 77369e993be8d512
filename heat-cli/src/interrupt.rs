//! Ctrl-C: the first one asks for an orderly end, the second one ends at once.

use crate::error::CliError;
use std::io;
use tokio::sync::watch;

/// Tells when the user wants an end.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens from now on. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The operating system does not let us.
    pub(crate) fn listen() -> io::Result<Self> {
        let mut signals = Signals::new()?;
        let (wanted, receiver) = watch::channel(false);
        tokio::spawn(async move {
            signals.next().await;
            wanted.send_replace(true);
            signals.next().await;
            std::process::exit(i32::from(CliError::Interrupted.exit_code()));
        });
        Ok(Self(receiver))
    }

    /// Returns when the user wants an end.
    pub(crate) async fn wanted(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|wanted| *wanted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Ctrl-C, and the request to end that service managers send.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    end: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, end: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.end.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
