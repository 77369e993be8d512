//! The lease of an engine: renewed as long as it lives. The same connection hears what other engines tell, and tells them.

use super::claims;
use super::connection::Line;
use super::failure::{Trouble, explain};
use super::writer::News;
use crate::store::{Heard, StoreError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// News are told at most once in so long: a notification says that there is something, not what.
const TOLD_ONCE_IN: Duration = Duration::from_millis(50);

/// How often engines that are gone for long are forgotten.
const TIDY: Duration = Duration::from_secs(3600);

/// The words of notifications; behind them stands who tells it.
const EVENTS: &str = "events";
const STACKS: &str = "stacks";

/// Until when the lease runs by this machine's clock, which goes on while the process is stopped.
#[derive(Debug, Default)]
pub(super) struct Runs(Mutex<Option<std::time::Instant>>);

impl Runs {
    pub(super) fn now(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|until| std::time::Instant::now() < until)
    }

    /// The lease counts from before it was asked for.
    pub(super) fn renewed(&self, asked: std::time::Instant, lease: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = asked.checked_add(lease);
    }
}

pub(super) struct Keeper {
    pub(super) line: Line,
    pub(super) notices: mpsc::UnboundedReceiver<String>,
    pub(super) news: mpsc::UnboundedReceiver<News>,
    pub(super) heard: watch::Sender<Heard>,
    pub(super) runs: Arc<Runs>,
    pub(super) store: String,
    pub(super) engine: String,
    pub(super) name: String,
    pub(super) channel: String,
    pub(super) lease: Duration,
}

impl Keeper {
    /// Works until the store is dropped.
    pub(super) async fn run(mut self) {
        let pace = self.lease / 3;
        let mut renew_at = Instant::now();
        let mut tidy_at = Instant::now() + TIDY;
        let mut told_at = Instant::now();
        let (mut events, mut stacks) = (false, false);
        let mut trouble_told = false;
        loop {
            let tell_at = told_at + TOLD_ONCE_IN;
            tokio::select! {
                () = tokio::time::sleep_until(renew_at) => {
                    let now = Instant::now();
                    let result = self.renew(now >= tidy_at).await;
                    if now >= tidy_at {
                        tidy_at = now + TIDY;
                    }
                    renew_at = match result {
                        Ok(()) => {
                            if trouble_told {
                                tracing::info!(store = self.store, "the store answers again");
                            }
                            trouble_told = false;
                            now + pace
                        }
                        Err(error) => {
                            if !trouble_told {
                                tracing::warn!(%error, "the lease of this engine cannot be renewed; trying again");
                            }
                            trouble_told = true;
                            Instant::now() + (pace / 4).min(Duration::from_secs(1))
                        }
                    };
                }
                notice = self.notices.recv() => match notice {
                    Some(notice) => self.hear(&notice),
                    None => return,
                },
                news = self.news.recv() => match news {
                    Some(News::Events) => events = true,
                    Some(News::Stacks) => stacks = true,
                    None => return,
                },
                () = tokio::time::sleep_until(tell_at), if events || stacks => {
                    told_at = Instant::now();
                    // Who does not hear of it looks by himself before long.
                    if std::mem::take(&mut events) {
                        let _ = self.tell(EVENTS).await;
                    }
                    if std::mem::take(&mut stacks) {
                        let _ = self.tell(STACKS).await;
                    }
                }
            }
        }
    }

    /// Notes what another engine tells; what this one told comes back, too.
    fn hear(&self, notice: &str) {
        let Some((what, who)) = notice.split_once(' ') else { return };
        if who == self.engine {
            return;
        }
        self.heard.send_modify(|heard| match what {
            EVENTS => heard.events = heard.events.wrapping_add(1),
            STACKS => heard.stacks = heard.stacks.wrapping_add(1),
            _ => {}
        });
    }

    async fn renew(&self, tidy: bool) -> Result<(), StoreError> {
        let (open, is_new) = self.line.connected().await?;
        let done = async {
            if is_new {
                open.run(&format!("LISTEN {}", self.channel)).await?;
            }
            let asked = std::time::Instant::now();
            claims::renew(&open, &self.engine, &self.name, self.lease).await?;
            self.runs.renewed(asked, self.lease);
            if tidy {
                claims::tidy(&open).await?;
            }
            Ok(())
        };
        let result: Result<(), Trouble> = done.await;
        if is_new && result.is_ok() {
            // What was told while nobody listened was missed.
            self.heard.send_modify(|heard| {
                heard.events = heard.events.wrapping_add(1);
                heard.stacks = heard.stacks.wrapping_add(1);
            });
        }
        match result {
            Ok(()) => Ok(()),
            Err(trouble) => {
                self.line.drop_connection().await;
                let doing = "renewing the lease of this engine".to_owned();
                Err(match trouble {
                    Trouble::Database(error) => explain(&self.store, &doing, &error),
                    Trouble::Refused(error) => error,
                    Trouble::Lost(reason) | Trouble::Again(reason) => {
                        StoreError::Unavailable { store: self.store.clone(), doing, reason }
                    }
                })
            }
        }
    }

    async fn tell(&self, what: &str) -> Result<(), Trouble> {
        let (open, _) = self.line.connected().await?;
        let notice = format!("{what} {}", self.engine);
        open.change("SELECT pg_notify($1, $2)", &[&self.channel, &notice]).await.map(drop)
    }
}
