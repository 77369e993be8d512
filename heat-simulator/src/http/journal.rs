//! What was asked and answered.

use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;

/// One request that the simulator worked on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JournalEntry {
    /// Counts up from 1 in the order in which requests were worked on.
    pub number: u64,
    /// When it was worked on (RFC 3339).
    pub time: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// The query as pairs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// The status of the answer, also of one that was lost; none if the request was dropped before it was worked on.
    pub status: Option<u16>,
    /// The project that the token stood for.
    pub project: Option<String>,
    /// The microversion that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub microversion: Option<String>,
    /// The body, with secrets masked; null if it was not JSON.
    pub request: Value,
    /// The answer's body, with secrets masked; null if it was not JSON.
    pub answer: Value,
    /// The scripted fault that met it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The request id that the answer carried.
    pub request_id: String,
}

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<JournalEntry>,
    count: u64,
}

impl Journal {
    /// Adds an entry, gives it its number, and forgets the oldest beyond `length`.
    pub(crate) fn add(&mut self, mut entry: JournalEntry, length: usize) {
        self.count += 1;
        entry.number = self.count;
        self.entries.push_back(entry);
        while self.entries.len() > length {
            self.entries.pop_front();
        }
    }

    /// The entries after a number, oldest first.
    pub(crate) fn after(&self, number: u64) -> Vec<JournalEntry> {
        let first = self.entries.front().map_or(0, |entry| entry.number);
        let skip = usize::try_from((number + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        self.entries.iter().skip(skip).cloned().collect()
    }

    /// Forgets all entries; numbers go on.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
