//! `OS::Heat::MultipartMime`: several configurations as one message of several parts, as cloud-init takes it.

use heat_plugin_sdk::{Attributes, Context, Created, Observed, PhysicalId, Properties, Resource, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write as _;

/// Several configurations as one message.
#[derive(Debug, Clone, Copy, Default)]
pub struct MultipartMime;

/// Several configurations as one message of several parts.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "2014.1")]
pub struct MultipartMimeProperties {
    /// What the message is for: the tool that applies it.
    #[property(default = "Heat::Ungrouped", since = "14.0.0")]
    #[expect(dead_code, reason = "a configuration only keeps it")]
    group: String,
    /// The parts.
    #[property(default = [])]
    parts: Vec<Part>,
}

/// A part of the message.
#[derive(Debug, Clone, Deserialize, Properties)]
struct Part {
    /// A text, or the id of a configuration.
    config: String,
    /// The name of a file for it.
    filename: Option<String>,
    /// Whether it is a text, or itself a message of several parts, which come one by one.
    #[serde(rename = "type")]
    #[property(default = "text", constraint(allowed("text", "multipart")))]
    kind: String,
    /// What kind of text.
    subtype: Option<String>,
}

/// What a message tells.
#[derive(Debug, Serialize, Attributes)]
pub struct MultipartMimeAttributes {
    /// The message.
    #[attribute(at_creation, type = string)]
    config: Value,
}

/// A text that is a part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Text {
    text: String,
    subtype: String,
    filename: String,
}

impl Text {
    /// As Heat makes one: a file without a kind of text has its name before the point for one.
    fn new(text: String, subtype: &str, filename: &str) -> Self {
        let stem = match filename.rfind('.') {
            Some(at)
                if filename[..at]
                    .rsplit('/')
                    .next()
                    .is_some_and(|name| !name.trim_matches('.').is_empty()) =>
            {
                &filename[..at]
            }
            _ => filename,
        };
        let subtype = if subtype.is_empty() { stem } else { subtype };
        Self { text, subtype: subtype.to_owned(), filename: filename.to_owned() }
    }

    /// As Python's `email` writes it.
    fn write(&self, message: &mut String) {
        let subtype = if self.subtype.is_empty() { "plain" } else { &self.subtype };
        let (charset, encoding) =
            if self.text.is_ascii() { ("us-ascii", "7bit") } else { ("utf-8", "base64") };
        let _ = write!(
            message,
            "Content-Type: text/{subtype}; charset=\"{charset}\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: {encoding}\n"
        );
        if !self.filename.is_empty() {
            let quoted = self.filename.replace('\\', "\\\\").replace('"', "\\\"");
            let _ = writeln!(message, "Content-Disposition: attachment; filename=\"{quoted}\"");
        }
        message.push('\n');
        match encoding {
            "7bit" => message.push_str(&self.text),
            _ => message.push_str(&base64_lines(self.text.as_bytes())),
        }
    }
}

/// Base 64 in lines of 76 letters, each with its end.
fn base64_lines(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + 8);
    for line in bytes.chunks(57) {
        for group in line.chunks(3) {
            let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for at in 0..4 {
                let letter = char::from(LETTERS[(bits >> (18 - 6 * at) & 63) as usize]);
                text.push(if at <= group.len() { letter } else { '=' });
            }
        }
        text.push('\n');
    }
    text
}

/// A message of these parts.
fn message(parts: &[Text], seed: &[u8]) -> String {
    let number = seed.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let mut boundary = format!("==============={:019}==", number >> 1);
    // It must stand in no part.
    let mut more = 0;
    while parts.iter().any(|part| part.text.contains(&boundary)) {
        boundary = format!("==============={:019}==.{more}", number >> 1);
        more += 1;
    }
    let mut text = format!(
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n\n--{boundary}\n"
    );
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            let _ = write!(text, "\n--{boundary}\n");
        }
        part.write(&mut text);
    }
    let _ = write!(text, "\n--{boundary}--\n");
    text
}

/// The headers of a message by lower-case names, and what follows them.
fn headers(text: &str) -> (Vec<(String, String)>, &str) {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            return (headers, after);
        }
        match (line.starts_with([' ', '\t']), headers.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (_, _, Some((name, value))) => {
                headers.push((name.trim().to_lowercase(), value.trim().to_owned()))
            }
            // What is no header is where the text begins.
            _ => return (headers, rest),
        }
        rest = after;
    }
    (headers, rest)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    headers.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
}

/// A parameter of a header.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|part| {
        let (own, value) = part.split_once('=')?;
        own.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The parts of a text that is itself a message of several parts; none of any other.
fn parts_of(text: &str) -> Vec<Text> {
    let (outer, body) = headers(text);
    let kind = header(&outer, "content-type");
    let Some(boundary) =
        parameter(kind, "boundary").filter(|_| kind.to_lowercase().starts_with("multipart/"))
    else {
        return Vec::new();
    };
    let (separator, end) = (format!("--{boundary}"), format!("--{boundary}--"));
    let mut parts: Vec<Vec<&str>> = Vec::new();
    for line in body.split('\n') {
        let bare = line.trim_end();
        if bare == end {
            break;
        } else if bare == separator {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(line);
        }
    }
    let text = |part: Vec<&str>| {
        let part = part.join("\n");
        let (own, body) = headers(&part);
        let kind = header(&own, "content-type").to_owned();
        let subtype = kind
            .split(';')
            .next()
            .and_then(|kind| kind.split_once('/'))
            .map_or("plain", |(_, sub)| sub.trim());
        let filename =
            parameter(header(&own, "content-disposition"), "filename").or_else(|| parameter(&kind, "name"));
        Text::new(body.to_owned(), &subtype.to_lowercase(), &filename.unwrap_or_default())
    };
    parts.into_iter().map(text).collect()
}

/// Whether Heat would look for a configuration with this id.
fn is_id(text: &str) -> bool {
    let bare: String = text.chars().filter(|letter| !"{}-".contains(*letter)).collect();
    bare.len() == 32 && bare.chars().all(|letter| letter.is_ascii_hexdigit())
}

impl Resource for MultipartMime {
    const TYPE: &'static str = "OS::Heat::MultipartMime";
    type Connection = ();
    type Properties = MultipartMimeProperties;
    type Attributes = MultipartMimeAttributes;

    async fn create(&self, cx: &Context<'_, Self>, p: &MultipartMimeProperties) -> Result<Created> {
        let mut texts = Vec::with_capacity(p.parts.len());
        for part in &p.parts {
            let mut text = part.config.clone();
            if is_id(&text)
                && let Some(config) = cx.software_configuration(&text).await?
            {
                text = match config {
                    Value::String(text) => text,
                    Value::Null => String::new(),
                    other => other.to_string(),
                };
            }
            match part.kind.as_str() {
                "multipart" => texts.extend(parts_of(&text)),
                _ => texts.push(Text::new(
                    text,
                    part.subtype.as_deref().unwrap_or_default(),
                    part.filename.as_deref().unwrap_or_default(),
                )),
            }
        }
        let message = message(&texts, cx.seed());
        let created = Created::new(cx.incarnation_id()).attribute(super::CONFIG, message);
        Ok(created.complete(Observed::<Self>::ready()))
    }

    async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
        Ok(Some(Observed::ready()))
    }

    async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Ok(())
    }

    fn is_local(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_python_writes_it() {
        let parts = [
            Text::new("#!/bin/sh\necho hi\n".into(), "x-shellscript", "setup.sh"),
            Text::new("größe".into(), "", ""),
            Text::new("x".into(), "", "cloud-config.txt"),
        ];
        let boundary = "===============0000000000000000000==";
        let expected = format!(
            "Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n\n--{boundary}\n\
             Content-Type: text/x-shellscript; charset=\"us-ascii\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n\
             Content-Disposition: attachment; filename=\"setup.sh\"\n\n#!/bin/sh\necho hi\n\n--{boundary}\n\
             Content-Type: text/plain; charset=\"utf-8\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\nZ3LDtsOfZQ==\n\n\
             --{boundary}\nContent-Type: text/cloud-config; charset=\"us-ascii\"\nMIME-Version: 1.0\n\
             Content-Transfer-Encoding: 7bit\nContent-Disposition: attachment; filename=\"cloud-config.txt\"\n\nx\n--{boundary}--\n"
        );
        let made = message(&parts, &[0; 8]);
        assert_eq!(made, expected);
        // What was put together is taken apart again, but for encodings, which stay as they are.
        let apart = parts_of(&made);
        assert_eq!((apart.len(), &apart[0]), (3, &parts[0]));
        assert_eq!(apart[1].text, "Z3LDtsOfZQ==\n");
        assert_eq!(apart[2], parts[2]);
        assert!(parts_of("plain text").is_empty() && parts_of("Content-Type: text/plain\n\nx").is_empty());
    }

    #[test]
    fn a_boundary_stands_in_no_part() {
        let inside = Text::new(format!("--==============={:019}==", 0), "", "");
        let made = message(std::slice::from_ref(&inside), &[0; 8]);
        assert_eq!(parts_of(&made), [Text { subtype: "plain".into(), ..inside }]);
    }

    #[test]
    fn base64_is_folded() {
        let text = base64_lines(&[b'a'; 58]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((lines[0].len(), lines[1]), (76, "YQ=="));
    }
}
