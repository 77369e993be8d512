//! Secrets are taken out of what the journal keeps.

use serde_json::Value;

const SECRET: &[&str] = &[
    "password",
    "original_password",
    "adminPass",
    "admin_pass",
    "secret",
    "private_key",
    "user_data",
    "OS-EXT-SRV-ATTR:user_data",
    "contents",
    "auth_key",
];

/// A body with every secret replaced by `***`.
pub(crate) fn masked(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(
            object
                .iter()
                .map(|(name, value)| {
                    let hidden = match value {
                        // `password: {user: {…}}` is a method of authentication, not a secret.
                        Value::String(_) | Value::Number(_) if SECRET.contains(&name.as_str()) => {
                            Value::from("***")
                        }
                        // `token: {id}` in a request for a token.
                        Value::Object(token)
                            if name == "token" && token.len() == 1 && token.contains_key("id") =>
                        {
                            serde_json::json!({"id": "***"})
                        }
                        other => masked(other),
                    };
                    (name.clone(), hidden)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(masked).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let body = json!({"auth": {"identity": {"password": {"user": {"name": "demo", "password": "s3"}}, "token": {"id": "t"}}},
            "server": {"adminPass": "s3", "user_data": "czM=", "personality": [{"path": "/x", "contents": "czM="}]}});
        let text = masked(&body).to_string();
        assert!(!text.contains("s3") && !text.contains("czM=") && !text.contains("\"t\""), "{text}");
        assert!(text.contains("demo"));
    }
}
