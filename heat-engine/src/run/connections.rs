//! One connection for each connector and credentials, made when it is first needed, shared, bounded.

use async_trait::async_trait;
use heat_plugin_sdk::{Connection, ConnectorId, Credentials, DynConnector, Failure, Result};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Gives the content of credentials that a stack only names, such as a cloud of `clouds.yaml`.
#[async_trait]
pub trait CredentialSource: Send + Sync {
    /// The credentials with their content.
    ///
    /// # Errors
    /// Class `Unauthenticated`: there are none under this name.
    async fn resolve(&self, credentials: &Credentials) -> Result<Credentials>;
}

/// Takes credentials as they are: for stacks that bring their content, or need none.
#[derive(Debug, Clone, Copy, Default)]
pub struct GivenCredentials;

#[async_trait]
impl CredentialSource for GivenCredentials {
    async fn resolve(&self, credentials: &Credentials) -> Result<Credentials> {
        match (credentials.name(), credentials.value()) {
            (Some(name), None) => Err(Failure::unauthenticated(format!(
                "the stack belongs to the credentials {name:?}, and this engine has no source of credentials to look them up in"
            ))),
            _ => Ok(credentials.clone()),
        }
    }
}

/// A connection with a place on it: as many calls as the connection bears hold one at the same time.
pub(crate) struct Seat {
    pub(crate) connection: Connection,
    pub(crate) credentials: Credentials,
    _permit: Option<OwnedSemaphorePermit>,
}

struct Shared {
    cell: OnceCell<(Connection, Credentials)>,
    seats: Arc<Semaphore>,
    pace: Option<Mutex<Pace>>,
}

/// When the next call on a connection may begin: so many in any second, in even steps after a first burst.
#[derive(Debug)]
struct Pace {
    /// Between two calls that follow each other at full pace.
    step: Duration,
    /// When the last call would have begun if all calls had been spread evenly.
    even: Option<Instant>,
}

impl Pace {
    fn new(calls_per_second: NonZeroU32) -> Self {
        Self { step: Duration::from_secs(1) / calls_per_second.get(), even: None }
    }

    /// When a call may begin that wants to begin now.
    fn next(&mut self, now: Instant) -> Instant {
        // What a quiet second has saved may be used at once, and no more.
        let even = match self.even {
            Some(last) => (last + self.step).max(now),
            None => now,
        };
        self.even = Some(even);
        now.max(even.checked_sub(Duration::from_secs(1) - self.step).unwrap_or(now))
    }
}

/// Which connector with which credentials: their name and their content, in memory only; nothing here is printable.
type Whose = (ConnectorId, Option<String>, String);

fn whose(id: ConnectorId, credentials: &Credentials) -> Whose {
    let content = credentials.value().map(ToString::to_string).unwrap_or_default();
    (id, credentials.name().map(str::to_owned), content)
}

/// The connections of one engine.
pub(crate) struct Connections {
    source: Arc<dyn CredentialSource>,
    shared: Mutex<HashMap<Whose, Arc<Shared>>>,
}

impl Connections {
    pub(crate) fn new(source: Arc<dyn CredentialSource>) -> Self {
        Self { source, shared: Mutex::default() }
    }

    /// The connection of these credentials is made anew when it is next needed: the service refuses it, and what stands
    /// behind a name may be something else by then.
    pub(crate) fn forget(&self, id: ConnectorId, credentials: &Credentials) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).remove(&whose(id, credentials));
    }

    /// A place on the connection of these credentials.
    pub(crate) async fn seat(
        &self,
        id: ConnectorId,
        connector: &Arc<dyn DynConnector>,
        credentials: &Credentials,
    ) -> Result<Seat> {
        let shared = {
            let mut all = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(whose(id, credentials)).or_insert_with(|| {
                let limits = connector.limits();
                Arc::new(Shared {
                    cell: OnceCell::new(),
                    seats: Arc::new(Semaphore::new(limits.concurrency.max(1))),
                    pace: limits.calls_per_second.map(|calls| Mutex::new(Pace::new(calls))),
                })
            }))
        };
        let permit = Arc::clone(&shared.seats).acquire_owned().await.ok();
        if let Some(pace) = &shared.pace {
            let begins = pace.lock().unwrap_or_else(PoisonError::into_inner).next(Instant::now());
            tokio::time::sleep_until(begins).await;
        }
        let (connection, credentials) = shared
            .cell
            .get_or_try_init(|| async {
                // Types without a connection must not fail for want of credentials.
                let credentials = if id == ConnectorId::of::<()>() {
                    Credentials::none()
                } else {
                    self.source.resolve(credentials).await?
                };
                let connection = connector.connect(credentials.clone()).await?;
                Ok::<_, Failure>((connection, credentials))
            })
            .await?;
        Ok(Seat { connection: connection.clone(), credentials: credentials.clone(), _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_of_one_second_is_let_through_and_the_rest_is_spread() {
        let now = Instant::now();
        let mut pace = Pace::new(NonZeroU32::new(4).unwrap());
        let waits: Vec<_> = (0..7).map(|_| (pace.next(now) - now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 250, 500, 750]);
        // A quiet time saves no more than one burst.
        let later = now + Duration::from_secs(60);
        let waits: Vec<_> = (0..6).map(|_| (pace.next(later) - later).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 250, 500]);
    }
}
