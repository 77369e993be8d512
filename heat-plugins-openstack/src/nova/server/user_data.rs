//! What is sent to a server as user data: the template's text as it is, or as one part of a message for cloud-init
//! whose other parts write it where Heat's agents look for it, and run it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use heat_plugin_sdk::{Context, Failure, Result};
use serde_json::Value;

use super::Server;
use super::properties::ServerProperties;

const PART_HANDLER: &str = include_str!("cloudinit/part_handler.py");
const RUN: &str = include_str!("cloudinit/run_user_data.sh");
const BOOT_HOOK: &str = include_str!("cloudinit/boothook.sh");
const CLOUD_CONFIG: &str = "#cloud-config\noutput: {all: '| tee -a /var/log/cloud-init-output.log'}\n";

/// What is sent, as Nova takes it: the text, or what the software configuration holds that it is the id of. As in Heat, a
/// text that looks like an id but is nobody's is a text.
pub(super) async fn of(cx: &Context<'_, Server>, p: &ServerProperties) -> Result<Option<String>> {
    if p.user_data_format == "HEAT_CFNTOOLS" || !is_uuid(&p.user_data) {
        return Ok(encoded(&p.user_data_format, &p.user_data));
    }
    match cx.software_configuration(&p.user_data).await? {
        None => Ok(encoded(&p.user_data_format, &p.user_data)),
        Some(Value::String(text)) => Ok(encoded(&p.user_data_format, &text)),
        Some(Value::Null) => Ok(None),
        Some(_) => Err(Failure::invalid(
            "user_data".to_owned(),
            format!(
                "the software configuration {} is no text: a server takes OS::Heat::SoftwareConfig or OS::Heat::CloudConfig",
                p.user_data
            ),
        )),
    }
}

/// Whether it has the form of an id, as oslo.utils' `is_uuid_like` sees it: 32 hexadecimal digits, dashes wherever.
fn is_uuid(text: &str) -> bool {
    let bare: String = text.replace("urn:", "").replace("uuid:", "");
    let bare = bare.trim_matches(|c| matches!(c, '{' | '}'));
    let digits = bare.chars().filter(|c| *c != '-');
    digits.clone().count() == 32 && digits.clone().all(|c| c.is_ascii_hexdigit())
}

/// The user data in base64; `None` if there is nothing to send.
fn encoded(format: &str, user_data: &str) -> Option<String> {
    let text = match format {
        "HEAT_CFNTOOLS" => message(user_data),
        _ if user_data.is_empty() => return None,
        _ => user_data.to_owned(),
    };
    Some(STANDARD.encode(text))
}

/// The parts: content, file name, subtype.
fn message(user_data: &str) -> String {
    let parts = [
        (CLOUD_CONFIG, "cloud-config", "cloud-config"),
        (BOOT_HOOK, "boothook.sh", "cloud-boothook"),
        (PART_HANDLER, "part-handler.py", "part-handler"),
        (user_data, "cfn-userdata", "x-cfninitdata"),
        (RUN, "run-user-data.sh", "x-shellscript"),
    ];
    let boundary = boundary(&parts.map(|(content, _, _)| content));
    let mut message =
        format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n\n");
    for (content, name, subtype) in parts {
        let (charset, encoding, body) = match content.is_ascii() {
            true => ("us-ascii", "7bit", content.to_owned()),
            false => ("utf-8", "base64", wrapped(&STANDARD.encode(content))),
        };
        message.push_str(&format!(
            "--{boundary}\nContent-Type: text/{subtype}; charset=\"{charset}\"\nMIME-Version: 1.0\n\
             Content-Transfer-Encoding: {encoding}\nContent-Disposition: attachment; filename=\"{name}\"\n\n{body}\n"
        ));
    }
    message.push_str(&format!("--{boundary}--\n"));
    message
}

/// A line that no part holds; the same for the same parts, so that the same template sends the same text.
fn boundary(contents: &[&str]) -> String {
    let mut number = 0_u32;
    loop {
        let boundary = format!("===============heat-{number:010}==");
        if !contents.iter().any(|content| content.contains(&boundary)) {
            return boundary;
        }
        number += 1;
    }
}

fn wrapped(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + text.len() / 76 + 1);
    for (at, character) in text.char_indices() {
        if at > 0 && at % 76 == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(format: &str, user_data: &str) -> String {
        String::from_utf8(STANDARD.decode(encoded(format, user_data).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn raw_data_is_sent_as_it_is() {
        assert_eq!(decoded("RAW", "#!/bin/sh\necho hi\n"), "#!/bin/sh\necho hi\n");
        assert_eq!(encoded("RAW", ""), None);
    }

    #[test]
    fn the_default_format_is_a_message_with_the_data_as_one_part() {
        let message = decoded("HEAT_CFNTOOLS", "#!/bin/sh\necho hi");
        assert!(message.starts_with("Content-Type: multipart/mixed; boundary=\""), "{message}");
        assert!(message.contains("filename=\"cfn-userdata\"\n\n#!/bin/sh\necho hi\n--"), "{message}");
        assert_eq!(message, decoded("HEAT_CFNTOOLS", "#!/bin/sh\necho hi"));
        assert!(decoded("HEAT_CFNTOOLS", "grüße").contains("Z3LDvMOfZQ=="));
    }

    #[test]
    fn no_part_can_end_the_message_early() {
        let message = decoded("HEAT_CFNTOOLS", "--===============heat-0000000000==--");
        assert!(message.contains("boundary=\"===============heat-0000000001==\""), "{message}");
    }
}
