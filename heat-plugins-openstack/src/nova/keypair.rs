//! `OS::Nova::KeyPair`.

use heat_plugin_sdk::{
    Attributes, Context, Created, Failure, FindBasis, Finding, Observed, PhysicalId, Properties,
    ReplaceOrder, Resource, Result, Secret, State,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::version;
use crate::client::{Client, Request};
use crate::rest::text;

/// A key pair: its public half is put into servers.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
#[property(since = "2014.1")]
pub struct KeyPairProperties {
    /// Name of the key pair, unique for its user.
    #[property(constraint(length(min = 1, max = 255)))]
    pub name: String,
    /// Whether a generated private key is kept and can be had from the attribute `private_key`.
    #[property(default = false)]
    pub save_private_key: bool,
    /// The public key; one is generated if it is not given.
    pub public_key: Option<String>,
    /// Kind of the key.
    #[serde(rename = "type")]
    #[property(constraint(allowed("ssh", "x509")), since = "8.0.0")]
    pub key_type: Option<String>,
    /// Name or id of the user that the key pair is for; only administrators may set it.
    #[property(resolve = "keystone.user", since = "9.0.0")]
    pub user: Option<String>,
}

/// What a key pair tells.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Attributes)]
pub struct KeyPairAttributes {
    /// The public key.
    pub public_key: String,
    /// The private key, if it was generated and is kept; else empty.
    #[attribute(at_creation, type = string, secret)]
    #[serde(default)]
    pub private_key: Option<Secret<String>>,
}

/// `OS::Nova::KeyPair`.
#[derive(Debug, Clone, Copy)]
pub struct KeyPair;

/// Since 2.92 Nova generates no keys; it still does for those who ask in the words of before.
const LAST_GENERATING: u32 = 91;

fn request_for(user: Option<&str>, request: Request) -> Request {
    match user {
        Some(user) => request.query("user_id", user).microversion(version(10), version(LAST_GENERATING)),
        None => request.microversion(version(1), version(LAST_GENERATING)),
    }
}

async fn show(client: &Client, name: &str, user: Option<&str>) -> Result<Option<Value>> {
    match client.send("compute", request_for(user, Request::get(["os-keypairs", name]))).await {
        Ok(response) => Ok(Some(response.object("keypair")?)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn user_of(cx: &Context<'_, KeyPair>) -> Result<Option<String>> {
    Ok(cx.applied()?.and_then(|applied| applied.user))
}

impl Resource for KeyPair {
    const TYPE: &'static str = "OS::Nova::KeyPair";
    type Connection = Client;
    type Properties = KeyPairProperties;
    type Attributes = KeyPairAttributes;

    async fn create(&self, cx: &Context<'_, Self>, p: &KeyPairProperties) -> Result<Created> {
        let mut body = json!({"name": p.name});
        let mut least = 1;
        if let Some(key) = p.public_key.as_deref().filter(|key| !key.is_empty()) {
            body["public_key"] = json!(key);
        }
        if let Some(key_type) = &p.key_type {
            body["type"] = json!(key_type);
            least = 2;
        }
        if let Some(user) = &p.user {
            body["user_id"] = json!(user);
            least = 10;
        }
        let request = Request::post(["os-keypairs"], json!({"keypair": body}));
        let request = request.microversion(version(least), version(LAST_GENERATING));
        let keypair = cx.connection()?.send("compute", request).await?.object("keypair")?;
        let private_key = if p.save_private_key { text(&keypair, "private_key") } else { "" };
        Ok(Created::new(p.name.clone()).attribute("private_key", private_key))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let user = user_of(cx)?;
        let Some(mut keypair) = show(cx.connection()?, id.as_str(), user.as_deref()).await? else {
            return Ok(None);
        };
        if let Some(map) = keypair.as_object_mut() {
            map.shift_remove("private_key");
        }
        let public_key = text(&keypair, "public_key").to_owned();
        let given = cx.applied()?.and_then(|applied| applied.public_key);
        let observed_key = match given {
            // Nova keeps the key without the white space around it.
            Some(given) if given.trim() == public_key.trim() => json!(given),
            _ => json!(public_key),
        };
        let mut observed = Observed::new(State::Ready)
            .property("name", text(&keypair, "name"))?
            .property("public_key", observed_key)?;
        if let Some(key_type) = keypair.get("type") {
            observed = observed.property("type", key_type)?;
        }
        if user.is_some() {
            observed = observed.property("user", &keypair["user_id"])?;
        }
        let attributes = KeyPairAttributes { public_key, private_key: None };
        Ok(Some(observed.attributes(&attributes)?.show(keypair)))
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let user = user_of(cx)?;
        let request = request_for(user.as_deref(), Request::delete(["os-keypairs", id.as_str()]));
        match cx.connection()?.send("compute", request).await {
            Err(error) if error.is_not_found() => Ok(()),
            result => Ok(result.map(drop)?),
        }
    }

    fn find_basis(&self, _: &KeyPairProperties) -> FindBasis {
        // A repeat would collide, but so does a key pair that somebody else made before: what was there is left out.
        FindBasis::Name
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &KeyPairProperties) -> Result<Finding> {
        let found = show(cx.connection()?, &p.name, p.user.as_deref()).await?;
        let ids = found.map(|_| PhysicalId::from(p.name.as_str())).filter(|id| !cx.is_excluded(id));
        Ok(Finding::from_ids(ids))
    }

    fn replace_order(&self, old: &KeyPairProperties, new: &KeyPairProperties) -> ReplaceOrder {
        if old.name == new.name && old.user == new.user {
            ReplaceOrder::DeleteFirst
        } else {
            ReplaceOrder::CreateFirst
        }
    }

    fn validate(&self, p: &KeyPairProperties) -> Result<()> {
        if p.key_type.as_deref() == Some("x509") && p.public_key.is_none() {
            return Ok(());
        }
        match p.public_key.as_deref() {
            Some(key) if !key.is_empty() && key.trim().is_empty() => {
                Err(Failure::invalid("public_key".to_owned(), "the public key is only white space"))
            }
            _ => Ok(()),
        }
    }
}
