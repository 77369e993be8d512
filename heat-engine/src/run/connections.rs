//! One connection for each connector and credentials, made when it is first needed, shared, bounded.

use async_trait::async_trait;
use heat_plugin_sdk::{Connection, ConnectorId, Credentials, DynConnector, Failure, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

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
}

/// Which connector with which credentials: their name and their content, in memory only; nothing here is printable.
type Whose = (ConnectorId, Option<String>, String);

/// The connections of one engine.
pub(crate) struct Connections {
    source: Arc<dyn CredentialSource>,
    shared: Mutex<HashMap<Whose, Arc<Shared>>>,
}

impl Connections {
    pub(crate) fn new(source: Arc<dyn CredentialSource>) -> Self {
        Self { source, shared: Mutex::default() }
    }

    /// A place on the connection of these credentials.
    pub(crate) async fn seat(
        &self,
        id: ConnectorId,
        connector: &Arc<dyn DynConnector>,
        credentials: &Credentials,
    ) -> Result<Seat> {
        let content = credentials.value().map(ToString::to_string).unwrap_or_default();
        let key = (id, credentials.name().map(str::to_owned), content);
        let shared = {
            let mut all = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(key).or_insert_with(|| {
                let seats = connector.limits().concurrency.max(1);
                Arc::new(Shared { cell: OnceCell::new(), seats: Arc::new(Semaphore::new(seats)) })
            }))
        };
        let permit = Arc::clone(&shared.seats).acquire_owned().await.ok();
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
