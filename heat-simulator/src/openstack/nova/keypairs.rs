//! Key pairs. They belong to a user, not to a project.

use super::Cx;
use super::schema::{allow, member, name, need};
use crate::cloud::document::object_of;
use crate::cloud::{Cloud, Fields, Kind, Object, hashes, time};
use crate::http::exchange::{Answer, Outcome, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Works on `/os-keypairs…`.
pub(super) fn serve(cloud: &mut Cloud, cx: &Cx<'_>, tail: &[&str]) -> Option<Outcome> {
    Some(match (cx.request.method.as_str(), tail) {
        ("GET", []) => Ok(list(cloud, cx)),
        ("GET", [name]) => show(cloud, cx, name),
        ("POST", []) => create(cloud, cx),
        ("DELETE", [name]) => delete(cloud, cx, name),
        _ => return None,
    })
}

/// Whose key pairs: since 2.10 an administrator can ask for another user's.
fn owner<'r>(cx: &'r Cx<'_>) -> &'r str {
    let other = cx.request.parameter("user_id").filter(|_| cx.version >= 10 && cx.caller.is_admin());
    other.unwrap_or(&cx.caller.user_id)
}

fn find<'c>(cloud: &'c Cloud, cx: &Cx<'_>, name: &str) -> Result<&'c Object, Refusal> {
    let user = owner(cx);
    let found = cloud.tables.get(Kind::KeyPair, &format!("{user}/{name}"));
    found.ok_or_else(|| Refusal::new(404, format!("Keypair {name} not found for user {user}")))
}

fn brief(cx: &Cx<'_>, pair: &Object) -> Object {
    let mut shown = object_of(
        json!({"name": pair.text("name"), "public_key": pair.text("public_key"), "fingerprint": pair.text("fingerprint")}),
    );
    if cx.version >= 2 {
        shown.set("type", pair.text("type"));
    }
    shown
}

fn list(cloud: &Cloud, cx: &Cx<'_>) -> Answer {
    let mut pairs: Vec<&Object> = cloud.tables.find(Kind::KeyPair, "user", owner(cx)).collect();
    pairs.sort_by_key(|pair| pair.text("name"));
    let pairs: Vec<Value> = pairs.into_iter().map(|pair| json!({"keypair": brief(cx, pair)})).collect();
    Answer::wrapped(200, "keypairs", pairs)
}

fn show(cloud: &Cloud, cx: &Cx<'_>, name: &str) -> Outcome {
    let pair = find(cloud, cx, name)?;
    let mut shown = brief(cx, pair);
    for field in ["user_id", "created_at"] {
        shown.set(field, pair.value(field));
    }
    shown.set("deleted", false);
    shown.set("deleted_at", Value::Null);
    shown.set("updated_at", Value::Null);
    shown.set("id", pair.value("_number"));
    Ok(Answer::wrapped(200, "keypair", shown))
}

fn create(cloud: &mut Cloud, cx: &Cx<'_>) -> Outcome {
    let given = member(cx, "keypair", &[])?;
    need("keypair", &given, if cx.version >= 92 { &["name", "public_key"] } else { &["name"] })?;
    let mut allowed = vec!["name", "public_key"];
    if cx.version >= 2 {
        allowed.push("type");
    }
    if cx.version >= 10 {
        allowed.push("user_id");
    }
    allow("keypair", &given, &allowed)?;
    let pair_name = name("name", &given.value("name"))?;
    let plain = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, ' ' | '-' | '_')
            || cx.version >= 92 && matches!(c, '@' | '.')
    };
    if !pair_name.chars().all(plain) {
        return Err(Refusal::new(400, "Keypair data is invalid: Keypair name contains unsafe characters"));
    }
    let kind = match given.text("type") {
        "" => "ssh",
        kind @ ("ssh" | "x509") => kind,
        other => {
            return Err(Refusal::new(
                400,
                format!(
                    "Invalid input for field/attribute type. Value: {other}. '{other}' is not one of ['ssh', 'x509']"
                ),
            ));
        }
    };
    let user = match given.text("user_id") {
        "" => cx.caller.user_id.clone(),
        other if other == cx.caller.user_id || cx.caller.is_admin() => other.to_owned(),
        _ => {
            return Err(Refusal::new(
                403,
                "Policy doesn't allow os_compute_api:os-keypairs:create to be performed.",
            ));
        }
    };
    let limit = cloud.quota("compute", &cx.caller.project_id, "key_pairs");
    if limit >= 0
        && i64::try_from(cloud.tables.count_by(Kind::KeyPair, "user", &user)).unwrap_or(i64::MAX) >= limit
    {
        return Err(Refusal::new(403, "Quota exceeded, too many key pairs."));
    }
    let id = format!("{user}/{pair_name}");
    if cloud.tables.get(Kind::KeyPair, &id).is_some() {
        return Err(Refusal::new(409, format!("Key pair '{pair_name}' already exists.")));
    }
    let public_key = given.text("public_key").to_owned();
    if public_key.is_empty() {
        return Err(Refusal::new(
            501,
            "The simulated cloud generates no key pairs: give a public_key, as microversion 2.92 demands.",
        ));
    }
    let fingerprint = fingerprint(&public_key, kind)?;
    let number = cloud.fresh_number();
    let pair = object_of(
        json!({"id": id, "name": pair_name, "public_key": public_key, "fingerprint": fingerprint, "type": kind,
        "user_id": user, "created_at": time::micros(cloud.now), "_number": number}),
    );
    let mut shown = brief(cx, &pair);
    shown.set("user_id", user);
    cloud.tables.put(Kind::KeyPair, pair);
    Ok(Answer::wrapped(if cx.version >= 2 { 201 } else { 200 }, "keypair", shown))
}

/// The MD5 of an SSH key, as `ssh-keygen -E md5` shows it.
fn fingerprint(public_key: &str, kind: &str) -> Result<String, Refusal> {
    let invalid = || Refusal::new(400, "Keypair data is invalid: failed to generate fingerprint");
    let data = match kind {
        "ssh" => {
            let mut parts = public_key.split_whitespace();
            let algorithm = parts.next().ok_or_else(invalid)?;
            let data = STANDARD.decode(parts.next().ok_or_else(invalid)?).map_err(|_| invalid())?;
            // The data names its algorithm again, behind its length.
            let named = data.get(4..4 + algorithm.len()).is_some_and(|name| name == algorithm.as_bytes());
            if !named {
                return Err(invalid());
            }
            data
        }
        _ => public_key.as_bytes().to_vec(),
    };
    let digest = hashes::md5_hex(&data);
    let pairs: Vec<&str> = (0..digest.len()).step_by(2).filter_map(|at| digest.get(at..at + 2)).collect();
    Ok(pairs.join(":"))
}

fn delete(cloud: &mut Cloud, cx: &Cx<'_>, name: &str) -> Outcome {
    let id = find(cloud, cx, name)?.text("id").to_owned();
    cloud.tables.remove(Kind::KeyPair, &id);
    Ok(Answer::empty(if cx.version >= 2 { 204 } else { 202 }))
}
