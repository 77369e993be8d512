//! `make_url`.

use super::{Checking, Function, Outcome, give, known, shown};
use crate::diagnostic::{Diagnostic, Guess, codes};
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach};
use crate::python::{self, Num};
use serde_json::{Map, Value};
use std::fmt::Write;

const PARTS: [&str; 8] = ["scheme", "username", "password", "host", "port", "path", "query", "fragment"];

/// Schemes with which an empty host still gives `//`.
const WITH_HOST: [&str; 24] = [
    "ftp", "http", "gopher", "nntp", "telnet", "imap", "wais", "file", "mms", "https", "shttp", "snews",
    "prospero", "rtsp", "rtspu", "rsync", "svn", "svn+ssh", "sftp", "nfs", "git", "git+ssh", "ws", "wss",
];

/// `make_url: {scheme, username, password, host, port, path, query, fragment}`.
#[derive(Debug)]
struct MakeUrl {
    argument: Expression,
}

/// Compiles `make_url`; what Heat checks of it, it checks while it validates.
pub fn make_url(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    Ok(Box::new(MakeUrl { argument: compiler.argument(call) }))
}

impl Function for MakeUrl {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit(Argument::Whole, &self.argument);
    }

    fn check(&self, checking: &Checking<'_>, report: &mut dyn FnMut(Diagnostic)) {
        let Kind::Map { entries, .. } = self.argument.kind() else {
            let message =
                format!("the arguments of make_url must be a map, not {}", self.argument.kind_name());
            let diagnostic = Diagnostic::error(codes::FUNCTION_ARGUMENTS, message);
            return report(diagnostic.at(self.argument.span(), "").path(checking.path()));
        };
        for entry in entries {
            let key = &*entry.key;
            if !PARTS.contains(&key) {
                let message = format!("make_url: a URL has no part \"{key}\"");
                let diagnostic = Diagnostic::error(codes::FUNCTION_ARGUMENTS, message)
                    .at(entry.key_span, "")
                    .path(checking.path());
                report(diagnostic.meant(Guess::word(key, PARTS)));
            } else if let Some(value) = entry.value.constant()
                && let Err(message) = part_is_fine(key, &value)
            {
                let diagnostic = Diagnostic::error(codes::FUNCTION_ARGUMENTS, message);
                report(diagnostic.at(entry.value.span(), "").path(checking.path()));
            }
        }
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let argument = known!(self.argument.evaluate(context)?);
        let Value::Object(parts) = argument else {
            let message = format!("the arguments of make_url must be a map, not {}", shown(&argument));
            return Err(EvaluationError::value(message));
        };
        for (key, value) in &parts {
            part_is_fine(key, value).map_err(|message| EvaluationError::value(message).within(key))?;
        }
        let scheme = text(&parts, "scheme");
        if scheme.contains(':') {
            return Err(
                EvaluationError::value("make_url: the scheme should not contain ':'").within("scheme")
            );
        }
        give(assemble(&parts, scheme))
    }
}

fn text<'a>(parts: &'a Map<String, Value>, part: &str) -> &'a str {
    parts.get(part).and_then(Value::as_str).unwrap_or_default()
}

fn part_is_fine(part: &str, value: &Value) -> Result<(), String> {
    match (part, value) {
        ("query", Value::Object(_)) => Ok(()),
        ("query", other) => Err(format!("make_url: the query must be a map, not {}", shown(other))),
        ("port", port) => {
            let number = match port {
                Value::String(text) => python::int_from_text(text),
                other => Num::of(other).and_then(|number| number.truncate()),
            };
            match number {
                None => Err(format!("make_url: invalid URL port {}", shown(port))),
                Some(Num::Int(1..=65535)) => Ok(()),
                Some(other) => {
                    Err(format!("make_url: invalid URL port {}, must be in range 1-65535", other.repr()))
                }
            }
        }
        (part, value) if PARTS.contains(&part) && !value.is_string() => {
            Err(format!("make_url: the {part} must be a text, not {}", shown(value)))
        }
        _ => Ok(()),
    }
}

fn assemble(parts: &Map<String, Value>, scheme: &str) -> String {
    let (username, password) = (quote(text(parts, "username"), ""), quote(text(parts, "password"), ""));
    let mut host = String::new();
    if !username.is_empty() || !password.is_empty() {
        host.push_str(&username);
        if !password.is_empty() {
            host.push(':');
            host.push_str(&password);
        }
        host.push('@');
    }
    let name = text(parts, "host");
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    let bare = quote(bare, ":");
    if bare.contains(':') {
        host.push_str(&format!("[{bare}]"));
    } else {
        host.push_str(&bare);
    }
    if let Some(port) = parts.get("port").filter(|port| python::truthy(port)) {
        host.push(':');
        host.push_str(&python::str_of(port));
    }
    let path = quote(text(parts, "path"), "/");
    let mut url = path.clone();
    if !host.is_empty() || (WITH_HOST.contains(&scheme) && !path.starts_with("//")) {
        if !path.is_empty() && !path.starts_with('/') {
            url.insert(0, '/');
        }
        url = format!("//{host}{url}");
    }
    if !scheme.is_empty() {
        url = format!("{scheme}:{url}");
    }
    let query: Vec<_> = parts
        .get("query")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{}={}", quote_plus(key), quote_plus(&python::str_of(value))))
        .collect();
    if !query.is_empty() {
        url.push('?');
        url.push_str(&query.join("&").replace("%2F", "/"));
    }
    let fragment = quote(text(parts, "fragment"), "/");
    if !fragment.is_empty() {
        url.push('#');
        url.push_str(&fragment);
    }
    url
}

/// Python's `urllib.parse.quote`.
fn quote(text: &str, safe: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) || safe.as_bytes().contains(&byte) {
            quoted.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(quoted, "%{byte:02X}");
        }
    }
    quoted
}

/// Python's `urllib.parse.quote_plus`.
fn quote_plus(text: &str) -> String {
    quote(text, " ").replace(' ', "+")
}
