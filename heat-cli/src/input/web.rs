//! Texts that lie on the web, as far as the user allows it: bounded in size, time and redirects, each of which must be
//! allowed, too.

use crate::error::{CliError, Result};
use futures_util::StreamExt;
use heat_plugins_openstack::client::TlsOptions;
use heat_template::collect::{self, FetchError, Fetched};
use reqwest::{Url, redirect};
use std::time::Duration;

/// The longest that one text may take.
const TIME: Duration = Duration::from_secs(30);
/// How often one request may be sent on.
const REDIRECTS: usize = 5;
/// How many texts are fetched at the same time.
const AT_ONCE: usize = 8;

/// The part of the web that may be read.
#[derive(Debug, Clone)]
pub(super) struct Web {
    prefixes: Vec<Url>,
}

type Answer = (String, Result<Fetched, FetchError>);

impl Web {
    /// What begins like one of these.
    ///
    /// # Errors
    /// One is no address of the web.
    pub(super) fn new(prefixes: &[String]) -> Result<Self> {
        let read = |text: &String| {
            let url = Url::parse(text).map_err(|error| CliError::input(format!("{text}: {error}")))?;
            match url.scheme() {
                "http" | "https" => Ok(url),
                _ => Err(CliError::input(format!(
                    "{text}: an address on the web begins with https:// or http://"
                ))),
            }
        };
        Ok(Self { prefixes: prefixes.iter().map(read).collect::<Result<_>>()? })
    }

    /// Whether an address is one of the web.
    pub(super) fn is_of(address: &str) -> bool {
        matches!(collect::scheme(address).as_deref(), Some("http" | "https"))
    }

    fn allows(&self, url: &Url) -> bool {
        self.prefixes.iter().any(|prefix| {
            let folder = prefix.path().ends_with('/');
            prefix.scheme() == url.scheme()
                && prefix.host_str() == url.host_str()
                && prefix.port_or_known_default() == url.port_or_known_default()
                && url.path().strip_prefix(prefix.path()).is_some_and(|rest| {
                    // `/lib` is not the beginning of `/library`.
                    folder || rest.is_empty() || rest.starts_with('/')
                })
        })
    }

    fn allowed(&self, address: &str) -> Result<Url, FetchError> {
        let url = Url::parse(address).map_err(|error| FetchError::new(error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::new("an address with a password would be recorded with the stack"));
        }
        if self.allows(&url) {
            return Ok(url);
        }
        let folder = url.join(".").unwrap_or(url);
        Err(FetchError::new("it lies on the web, and is not allowed")
            .help(format!("allow it with --allow-url {folder}, if you trust the template and that server")))
    }

    /// Fetches texts, several at once.
    pub(super) fn fetch_all(&self, addresses: Vec<String>, limit: usize) -> Vec<Answer> {
        if addresses.is_empty() {
            return Vec::new();
        }
        let failed = |why: &str| {
            let error = FetchError::new(why);
            addresses.iter().map(|address| (address.clone(), Err(error.clone()))).collect()
        };
        // Commands run inside a runtime, which must not be blocked for its own ends.
        let fetched = std::thread::scope(|scope| {
            let work = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(|error| error.to_string())?;
                runtime.block_on(self.all(&addresses, limit))
            });
            work.join().unwrap_or_else(|_| Err("the request came to no end".to_owned()))
        });
        fetched.unwrap_or_else(|why| failed(&why))
    }

    async fn all(&self, addresses: &[String], limit: usize) -> Result<Vec<Answer>, String> {
        let allowed = self.clone();
        let redirects = redirect::Policy::custom(move |attempt| {
            if attempt.previous().len() > REDIRECTS {
                attempt.error("it is sent on too often")
            } else if !allowed.allows(attempt.url()) {
                let why = format!("it is sent on to {}, which is not allowed", attempt.url());
                attempt.error(why)
            } else {
                attempt.follow()
            }
        });
        let client = TlsOptions::default().http_client().map_err(|error| error.to_string())?;
        let client = client.redirect(redirects).timeout(TIME).build().map_err(|error| chain(&error))?;
        let requests = addresses.iter().map(|address| {
            let client = &client;
            async move { (address.clone(), self.one(client, address, limit).await) }
        });
        Ok(futures_util::stream::iter(requests).buffered(AT_ONCE).collect().await)
    }

    async fn one(
        &self,
        client: &reqwest::Client,
        address: &str,
        limit: usize,
    ) -> Result<Fetched, FetchError> {
        let told = |error: reqwest::Error| FetchError::new(chain(&error.without_url()));
        let url = self.allowed(address)?;
        let mut answer = client.get(url).send().await.map_err(told)?;
        if !answer.status().is_success() {
            return Err(FetchError::new(format!("the server answers {}", answer.status())));
        }
        let mut bytes = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(told)? {
            if bytes.len() + part.len() > limit {
                return Err(FetchError::too_long(limit));
            }
            bytes.extend_from_slice(&part);
        }
        Ok(Fetched { bytes, name: None })
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_so_is_allowed() {
        let web = Web::new(&["https://h/lib/".to_owned(), "http://h:8080/one.yaml".to_owned()]).unwrap();
        for good in ["https://h/lib/a.yaml", "https://H:443/lib/b/c?x", "http://h:8080/one.yaml"] {
            assert!(web.allowed(good).is_ok(), "{good}");
        }
        for bad in [
            "https://h/lib",
            "https://h/lib/../key",
            "https://h/lib/%2e%2e/key",
            "http://h/lib/a",
            "https://h.evil/lib/a",
            "https://h@evil/lib/a",
            "https://u:p@h/lib/a",
            "http://h:8080/one.yaml2",
            "http://h:8081/one.yaml",
        ] {
            assert!(web.allowed(bad).is_err(), "{bad}");
        }
        assert!(Web::new(&["ftp://h/".to_owned()]).is_err());
        assert!(Web::new(&["lib".to_owned()]).is_err());
    }
}
