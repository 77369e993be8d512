//! A connection to the server that comes back by itself.

use super::address::Address;
use super::failure::{Trouble, chain, unconnected};
use crate::store::StoreError;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Row, Statement};

/// A server that does not answer for so long is taken for gone.
pub(super) const ANSWER: Duration = Duration::from_secs(30);

/// The waits between two attempts to connect.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A parameter of a statement.
pub(super) type Parameter<'a> = &'a (dyn ToSql + Sync);

/// A connection that is there.
pub(super) struct Open {
    client: Client,
    /// Prepared once for each connection.
    statements: std::sync::Mutex<HashMap<String, Statement>>,
}

impl Open {
    /// Whether it can still be used.
    fn is_usable(&self) -> bool {
        !self.client.is_closed()
    }

    async fn prepared(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        let known = self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Runs a statement and gives its rows.
    pub(super) async fn rows(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Trouble> {
        answered(async {
            let statement = self.prepared(sql).await?;
            self.client.query(&statement, parameters).await
        })
        .await
    }

    /// Runs a statement and gives how many rows it changed.
    pub(super) async fn change(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64, Trouble> {
        answered(async {
            let statement = self.prepared(sql).await?;
            self.client.execute(&statement, parameters).await
        })
        .await
    }

    /// Runs statements without parameters, nothing prepared.
    pub(super) async fn run(&self, sql: &str) -> Result<(), Trouble> {
        answered(self.client.batch_execute(sql)).await
    }

    /// Prepares what will be run without a wait between.
    pub(super) async fn prepare(&self, sql: &str) -> Result<Statement, Trouble> {
        answered(self.prepared(sql)).await
    }

    /// The client, for statements that are sent one behind the other without waiting for answers.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }
}

/// Waits for an answer, but not for ever.
pub(super) async fn answered<T>(
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout(ANSWER, work).await {
        Ok(result) => result.map_err(Trouble::from),
        Err(_) => Err(Trouble::Lost(format!("the server did not answer for {} s", ANSWER.as_secs()))),
    }
}

/// A place for one connection: opened when it is needed, and again when it is lost.
pub(super) struct Line {
    address: Arc<Address>,
    open: Mutex<Option<Arc<Open>>>,
    /// Where notifications go.
    notices: Option<mpsc::UnboundedSender<String>>,
}

impl Line {
    pub(super) fn new(address: Arc<Address>) -> Self {
        Self { address, open: Mutex::default(), notices: None }
    }

    /// One whose notifications are handed on.
    pub(super) fn listening(address: Arc<Address>, to: mpsc::UnboundedSender<String>) -> Self {
        Self { notices: Some(to), ..Self::new(address) }
    }

    /// The connection, made if there is none. Gives also whether it is a new one.
    pub(super) async fn connected(&self) -> Result<(Arc<Open>, bool), StoreError> {
        let mut open = self.open.lock().await;
        if let Some(open) = open.as_ref().filter(|open| open.is_usable()) {
            return Ok((Arc::clone(open), false));
        }
        *open = None;
        let made = Arc::new(self.connect().await?);
        *open = Some(Arc::clone(&made));
        Ok((made, true))
    }

    /// As [`connected`](Self::connected), and tries for a while. `tell` is told of the first failure.
    pub(super) async fn connected_within(
        &self,
        patience: Duration,
        tell: impl Fn(&StoreError),
    ) -> Result<Arc<Open>, StoreError> {
        let end = tokio::time::Instant::now() + patience;
        let mut wait = FIRST_WAIT;
        let mut told = false;
        loop {
            let error = match self.connected().await {
                Ok((open, _)) => return Ok(open),
                Err(error) => error,
            };
            if !told {
                tell(&error);
                told = true;
            }
            if tokio::time::Instant::now() + wait > end {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Gives a connection up that does not work.
    pub(super) async fn drop_connection(&self) {
        *self.open.lock().await = None;
    }

    async fn connect(&self) -> Result<Open, StoreError> {
        let store = self.address.to_string();
        let connecting = self.address.config.connect(self.address.tls.clone());
        let (client, mut connection) = match tokio::time::timeout(ANSWER, connecting).await {
            Ok(made) => made.map_err(|error| unconnected(&store, &error))?,
            Err(_) => {
                return Err(StoreError::NotConnected {
                    store,
                    why: crate::store::Unconnected::Unreachable,
                    reason: format!("the server did not answer for {} s", ANSWER.as_secs()),
                });
            }
        };
        let notices = self.notices.clone();
        tokio::spawn(async move {
            loop {
                match std::future::poll_fn(|cx| connection.poll_message(cx)).await {
                    Some(Ok(AsyncMessage::Notification(notice))) => {
                        if let Some(notices) = &notices {
                            let _ = notices.send(notice.payload().to_owned());
                        }
                    }
                    Some(Ok(_)) => {}
                    // Whoever waits for an answer is told by the client.
                    Some(Err(error)) => {
                        tracing::debug!(store, error = chain(&error), "a connection ended");
                        return;
                    }
                    None => return,
                }
            }
        });
        Ok(Open { client, statements: std::sync::Mutex::default() })
    }
}
