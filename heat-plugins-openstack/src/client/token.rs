//! The current token: fetched when first needed, renewed before it expires and once when a service refuses it, by one
//! caller while the others wait.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;

use super::catalog::Catalog;
use super::error::{Error, ErrorClass, Result};
use super::secret::SecretText;

/// A token with what Keystone said about it.
#[derive(Debug, Clone)]
pub struct Token {
    pub(crate) secret: SecretText,
    /// The services that it is good for.
    pub catalog: Catalog,
    /// The project that it is scoped to.
    pub project: Option<Identity>,
    /// The user that it stands for.
    pub user: Option<Identity>,
    /// The names of the user's roles there.
    pub roles: Vec<String>,
    life_time: Option<Duration>,
}

/// An id with its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Identity {
    /// The unique id.
    pub id: String,
    /// The name.
    #[serde(default)]
    pub name: String,
}

#[derive(Deserialize)]
struct Body {
    token: Fields,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    catalog: Catalog,
    #[serde(default)]
    project: Option<Identity>,
    #[serde(default)]
    user: Option<Identity>,
    #[serde(default)]
    roles: Vec<Identity>,
    #[serde(default)]
    expires_at: Option<Timestamp>,
    #[serde(default)]
    issued_at: Option<Timestamp>,
}

impl Token {
    /// Reads Keystone's answer. The life time is the difference of its two times, so that the clocks of client and
    /// server may differ.
    pub(crate) fn read(secret: SecretText, body: &[u8]) -> Result<Self> {
        let fields = serde_json::from_slice::<Body>(body)
            .map_err(|error| {
                // The parser's words may quote the answer; its place is enough.
                let place = format!("line {}, column {}", error.line(), error.column());
                Error::new(
                    ErrorClass::Protocol,
                    "identity",
                    format!("the token's description is not valid: {place}"),
                )
            })?
            .token;
        let life_time = match (fields.issued_at, fields.expires_at) {
            (Some(issued), Some(expires)) => Duration::try_from(expires.duration_since(issued)).ok(),
            _ => None,
        };
        Ok(Self {
            secret,
            catalog: fields.catalog,
            project: fields.project,
            user: fields.user,
            roles: fields.roles.into_iter().map(|role| role.name).collect(),
            life_time,
        })
    }

    /// When it is time to fetch the next one: after four fifths of its life.
    fn renew_after(&self) -> Option<Duration> {
        self.life_time.map(|life| life.mul_f64(0.8))
    }
}

#[derive(Debug)]
struct Held {
    token: Arc<Token>,
    generation: u64,
    renew_at: Option<Instant>,
}

/// Holds the current token. `generation` numbers the tokens, so that of many callers that a service refused with the
/// same token only the first fetches a new one.
#[derive(Debug, Default)]
pub(crate) struct TokenCell {
    held: RwLock<Option<Held>>,
    renewal: tokio::sync::Mutex<()>,
}

impl TokenCell {
    fn look(&self, fits: impl Fn(&Held) -> bool) -> Option<(Arc<Token>, u64)> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|held| fits(held)).map(|held| (held.token.clone(), held.generation))
    }

    /// The current token, fetched if there is none or if it is about to expire.
    pub(crate) async fn current<F>(&self, fetch: impl FnOnce() -> F) -> Result<(Arc<Token>, u64)>
    where
        F: Future<Output = Result<Token>>,
    {
        self.get(fetch, |held| held.renew_at.is_none_or(|at| Instant::now() < at)).await
    }

    /// A token other than the one of `refused`.
    pub(crate) async fn after<F>(&self, refused: u64, fetch: impl FnOnce() -> F) -> Result<(Arc<Token>, u64)>
    where
        F: Future<Output = Result<Token>>,
    {
        self.get(fetch, |held| held.generation != refused).await
    }

    async fn get<F>(
        &self,
        fetch: impl FnOnce() -> F,
        fits: impl Fn(&Held) -> bool,
    ) -> Result<(Arc<Token>, u64)>
    where
        F: Future<Output = Result<Token>>,
    {
        if let Some(found) = self.look(&fits) {
            return Ok(found);
        }
        let _alone = self.renewal.lock().await;
        if let Some(found) = self.look(&fits) {
            return Ok(found);
        }
        let token = fetch().await?;
        let renew_at = token.renew_after().map(|after| Instant::now() + after);
        let token = Arc::new(token);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let generation = held.as_ref().map_or(1, |held| held.generation + 1);
        *held = Some(Held { token: token.clone(), generation, renew_at });
        Ok((token, generation))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn token(life: &str) -> Token {
        let body = format!(
            r#"{{"token": {{"issued_at": "2026-01-01T00:00:00.000000Z", "expires_at": "2026-01-01T{life}.000000Z",
                "project": {{"id": "p", "name": "web"}}, "roles": [{{"id": "r", "name": "member"}}]}}}}"#
        );
        Token::read("secret-token".into(), body.as_bytes()).unwrap()
    }

    #[test]
    fn the_life_time_is_keystones_own_difference() {
        let token = token("01:00:00");
        assert_eq!(token.renew_after(), Some(Duration::from_secs(2880)));
        assert_eq!(token.roles, ["member"]);
        assert!(!format!("{token:?}").contains("secret-token"));
    }

    #[tokio::test]
    async fn many_callers_fetch_one_token() {
        let cell = Arc::new(TokenCell::default());
        let fetched = Arc::new(AtomicU32::new(0));
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (cell, fetched) = (cell.clone(), fetched.clone());
                tokio::spawn(async move {
                    let fetch = || async {
                        fetched.fetch_add(1, Ordering::Relaxed);
                        tokio::task::yield_now().await;
                        Ok(token("01:00:00"))
                    };
                    let (_, generation) = cell.current(fetch).await.unwrap();
                    let again = || async {
                        fetched.fetch_add(1, Ordering::Relaxed);
                        tokio::task::yield_now().await;
                        Ok(token("01:00:00"))
                    };
                    cell.after(generation.min(1), again).await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(fetched.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn an_expiring_token_is_replaced_before_it_is_refused() {
        let cell = TokenCell::default();
        let (_, first) = cell.current(|| async { Ok(token("00:00:00")) }).await.unwrap();
        let (_, second) = cell.current(|| async { Ok(token("01:00:00")) }).await.unwrap();
        let (_, third) = cell.current(|| async { Ok(token("01:00:00")) }).await.unwrap();
        assert_eq!((first, second, third), (1, 2, 2));
    }
}
