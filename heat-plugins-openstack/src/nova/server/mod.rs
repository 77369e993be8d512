//! `OS::Nova::Server`.

mod attributes;
mod image;
mod interfaces;
mod ports;
mod properties;
mod request;
mod update;
mod user_data;

pub use attributes::ServerAttributes;
pub use properties::{BlockDevice, BlockDeviceV2, Network, PortExtra, ServerProperties, SwiftData};

use std::collections::BTreeSet;
use std::time::Duration;

use heat_plugin_sdk::schema::ResourceSchema;
use heat_plugin_sdk::{
    Change, Context, Created, Failure, FailureClass, FindBasis, Finding, Observed, Operation, PhysicalId,
    Progress, ReplaceOrder, Resource, Restored, Result, SavedData, Siblings, State, satisfies,
};
use serde_json::{Value, json};

use super::version;
use crate::client::{Client, Request};
use crate::rest::{self, Collection, text};

const SERVERS: Collection =
    Collection::new("compute", "servers", "server", "servers", Some((version(1), version(request::NEWEST))));

/// How often, and how long after each other, one looks whether Nova has taken ports off a server.
const MOST_LOOKS: u32 = 120;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// Longest name that Heat gives to a server: Nova adds to it for the host name.
const NAME_LIMIT: usize = 53;

/// `OS::Nova::Server`.
#[derive(Debug, Clone, Copy)]
pub struct Server;

/// Properties that say what an update does, or what is not sent to Nova.
const OWN_PROPERTIES: &[&str] = &[
    "flavor_update_policy",
    "image_update_policy",
    "user_data_update_policy",
    "software_config_transport",
    "deployment_swift_data",
];

/// Some clouds add a word in brackets.
fn status(server: &Value) -> &str {
    text(server, "status").split('(').next().unwrap_or_default()
}

/// How far a server is. Whoever stops, suspends or resizes a server brings it back: those states are waited out, as in
/// Heat.
fn state(server: &Value) -> State {
    let working = |status: &str| State::Working(format!("status {status}"));
    if text(server, "OS-EXT-STS:task_state") == "deleting" {
        return working("deleting");
    }
    match status(server) {
        "ACTIVE" => State::Ready,
        "ERROR" => {
            let fault = &server["fault"];
            let message = fault["message"].as_str().unwrap_or("Unknown");
            let code = fault.get("code").map_or_else(|| "Unknown".to_owned(), Value::to_string);
            State::Failed(format!("Message: {message}, Code: {code}"))
        }
        waiting @ ("BUILD" | "HARD_REBOOT" | "PASSWORD" | "REBOOT" | "REBUILD" | "RESCUE" | "RESIZE"
        | "REVERT_RESIZE" | "SHUTOFF" | "SUSPENDED" | "VERIFY_RESIZE" | "MIGRATING"
        | "SOFT_DELETED") => working(waiting),
        other => State::Failed(format!("unknown status {other:?}")),
    }
}

/// The ports that a server is given.
fn given_ports(p: &ServerProperties) -> BTreeSet<&str> {
    p.networks.iter().flatten().filter_map(|card| card.port.as_deref()).collect()
}

/// What only one server can have: volumes, and addresses in a network.
fn exclusive(p: &ServerProperties) -> BTreeSet<(&str, &str)> {
    let old = p.block_device_mapping.iter().flatten().filter_map(|device| device.volume_id.as_deref());
    let new = p.block_device_mapping_v2.iter().flatten().filter_map(|device| device.volume_id.as_deref());
    let addresses = p.networks.iter().flatten().filter_map(|card| {
        let network = card.network.as_deref().or(card.subnet.as_deref()).unwrap_or_default();
        Some((network, card.fixed_ip.as_deref()?))
    });
    let hardware = p
        .networks
        .iter()
        .flatten()
        .filter_map(|card| Some(("mac", card.port_extra_properties.as_ref()?.mac_address.as_deref()?)));
    old.chain(new).map(|volume| ("volume", volume)).chain(addresses).chain(hardware).collect()
}

/// Nova takes the name as a regular expression.
fn exactly(name: &str) -> String {
    let mut pattern = String::from("^");
    for character in name.chars() {
        if r"\.^$*+?()[]{}|".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('$');
    pattern
}

impl Server {
    fn name(cx: &Context<'_, Self>, p: &ServerProperties) -> String {
        p.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| cx.physical_name(NAME_LIMIT))
    }

    /// The networks as observed: the interfaces, or what was applied where that says more than an interface shows and
    /// the interfaces are those.
    async fn observed_networks(cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Value> {
        let interfaces = update::interfaces_of(cx.connection()?, id.as_str()).await?;
        let applied = cx.applied()?.and_then(|applied| applied.networks).unwrap_or_default();
        let hidden = |card: &Network| {
            card.floating_ip.is_some()
                || card.tag.is_some()
                || card.port_extra_properties.is_some()
                || card.allocate_network.is_some()
        };
        if applied.iter().any(hidden)
            && interfaces::compare(&ports::cards(cx, &applied), &interfaces).is_settled()
            && let Some(networks) = cx.call().applied.as_ref().and_then(|applied| applied.get("networks"))
        {
            return Ok(networks.clone());
        }
        let seen = interfaces.iter().map(|interface| {
            let first = &interface["fixed_ips"][0];
            json!({"network": interface["net_id"], "port": interface["port_id"], "fixed_ip": first["ip_address"],
                "subnet": first["subnet_id"]})
        });
        Ok(seen.collect())
    }

    /// Asks Nova for the server; the ports that this takes are added to `made`.
    async fn request(
        cx: &Context<'_, Self>,
        p: &ServerProperties,
        made: &mut Vec<(String, String)>,
    ) -> Result<Value> {
        let user_data = user_data::of(cx, p).await?;
        let networks = ports::for_create(cx, p, made).await?;
        let request = request::create(p, &Self::name(cx, p), user_data.as_deref(), networks)?;
        Ok(cx.connection()?.send("compute", request).await?.object("server")?)
    }

    async fn must_exist(cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Value> {
        let server = SERVERS.show(cx.connection()?, id.as_str()).await?;
        server.ok_or_else(|| Failure::not_found(format!("server {id} is gone")))
    }
}

/// Whether it is suspended, or about to be.
fn is_at_rest(server: &Value) -> bool {
    status(server) == "SUSPENDED" || server["OS-EXT-STS:task_state"] == "suspending"
}

impl Resource for Server {
    const TYPE: &'static str = "OS::Nova::Server";
    type Connection = Client;
    type Properties = ServerProperties;
    type Attributes = ServerAttributes;

    fn schema(&self) -> ResourceSchema {
        let mut schema = rest::schema_resolving::<Self>(&[(&["networks", "subnet"], "neutron.subnet")]);
        schema.snapshot_policy = true;
        schema
    }

    async fn create(&self, cx: &Context<'_, Self>, p: &ServerProperties) -> Result<Created> {
        let mut made = Vec::new();
        let result = Self::request(cx, p, &mut made).await;
        // Where Nova surely made nothing, the ports have nobody. Where it could not be asked, the next attempt uses them.
        if let Err(failure) = &result
            && !matches!(
                failure.class(),
                FailureClass::Unanswered | FailureClass::Unavailable { .. } | FailureClass::Busy { .. }
            )
        {
            // What is wrong with the server is what people must know; the ports are recorded.
            let _ = ports::remove_all(cx, &made).await;
        }
        Ok(Created::new(rest::id_of(&result?)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let Some(mut server) = SERVERS.show(cx.connection()?, id.as_str()).await? else { return Ok(None) };
        if let Some(map) = server.as_object_mut() {
            map.shift_remove("adminPass");
        }
        if status(&server) == "DELETED" {
            return Ok(None);
        }
        let state = state(&server);
        let applied = cx.applied()?;
        let metadata = match &applied {
            Some(applied) if request::metadata(&applied.metadata) == server["metadata"] => {
                json!(applied.metadata)
            }
            _ => server["metadata"].clone(),
        };
        let mut observed = Observed::new(state.clone())
            .property("name", &server["name"])?
            .property("flavor", &server["flavor"]["id"])?
            .property("image", &server["image"]["id"])?
            .property("metadata", metadata)?
            .property("key_name", &server["key_name"])?
            .unreadable("user_data")
            .unreadable("admin_pass")
            .unreadable("personality");
        if let Some(tags) = server.get("tags") {
            observed = observed.property("tags", tags)?;
        }
        if state == State::Ready {
            observed = observed.property("networks", Self::observed_networks(cx, id).await?)?;
        }
        // What only this plugin knows.
        for name in OWN_PROPERTIES {
            observed = observed.unreadable(*name);
        }
        Ok(Some(observed.attributes(&attributes::observed(&server))?.show(server)))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<ServerProperties>,
    ) -> Result<()> {
        update::at_once(cx, id, change).await
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let names: Vec<String> = cx.owned_names().map(str::to_owned).collect();
        for name in names {
            ports::remove(cx, &name).await?;
        }
        SERVERS.delete(cx.connection()?, id.as_str()).await
    }

    async fn suspend(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let server = Self::must_exist(cx, id).await?;
        match is_at_rest(&server) {
            true => Ok(()),
            false => update::act(cx.connection()?, id.as_str(), json!({"suspend": null})).await,
        }
    }

    async fn resume(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let server = Self::must_exist(cx, id).await?;
        match status(&server) == "ACTIVE" || server["OS-EXT-STS:task_state"] == "resuming" {
            true => Ok(()),
            false => update::act(cx.connection()?, id.as_str(), json!({"resume": null})).await,
        }
    }

    async fn snapshot(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<SavedData> {
        image::begin(cx, id).await
    }

    async fn snapshot_progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        saved: &SavedData,
    ) -> Result<Progress> {
        image::progress(cx.connection()?, id, saved).await
    }

    async fn remove_snapshot(&self, cx: &Context<'_, Self>, saved: &SavedData) -> Result<Progress> {
        image::remove(cx.connection()?, saved).await
    }

    fn restored(&self, saved: &SavedData) -> Option<Restored> {
        image::restored(saved)
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, ServerProperties>,
        observed: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let client = cx.connection()?;
        let server = observed.and_then(|observed| observed.observation().show.as_ref());
        let status = server.map_or("", status);
        match operation {
            // In all other states but an error it is on its way, as in Heat.
            Operation::Suspend if status == "SUSPENDED" => return Ok(Progress::Done),
            Operation::Suspend if status == "ACTIVE" => return Ok(Progress::wait("suspension")),
            Operation::Delete if status == "SOFT_DELETED" => {
                update::act(client, id.as_str(), json!({"forceDelete": null})).await?;
                return Ok(Progress::wait("forced deletion"));
            }
            Operation::Update(change) if status == "VERIFY_RESIZE" && change.changed("flavor") => {
                match update::act(client, id.as_str(), json!({"confirmResize": null})).await {
                    // It was confirmed before and takes its time.
                    Err(failure)
                        if matches!(
                            failure.class(),
                            FailureClass::Conflict | FailureClass::Invalid { .. }
                        ) => {}
                    result => result?,
                }
                return Ok(Progress::wait("confirmation of the resize"));
            }
            _ => {}
        }
        let progress = rest::by_state(id, operation, observed);
        let (Progress::Done, Some(observed)) = (&progress, observed) else { return Ok(progress) };
        match operation {
            Operation::Create(p) => {
                let Some(tags) = p.tags.as_ref().filter(|tags| !tags.is_empty()) else { return Ok(progress) };
                if server.is_some_and(|server| satisfies(&json!(tags), &server["tags"])) {
                    return Ok(progress);
                }
                let request = Request::put(["servers", id.as_str(), "tags"], json!({"tags": tags}));
                client.send("compute", request.microversion(version(26), version(request::LATEST))).await?;
                Ok(Progress::wait("tags"))
            }
            Operation::Update(change) => update::step(cx, id, change, observed).await,
            Operation::Delete | Operation::Suspend | Operation::Resume => Ok(progress),
        }
    }

    fn find_basis(&self, p: &ServerProperties) -> FindBasis {
        rest::basis_of_name(p.name.as_deref().filter(|name| !name.is_empty()))
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &ServerProperties) -> Result<Finding> {
        let name = Self::name(cx, p);
        let mut servers = SERVERS.list(cx.connection()?, &[("name", &exactly(&name))]).await?;
        servers.retain(|server| text(server, "name") == name);
        Ok(rest::finding(cx, &servers))
    }

    fn needs_replace(&self, change: &Change<ServerProperties>) -> bool {
        let new = change.new_properties();
        change.changed("flavor") && new.flavor_update_policy == "REPLACE"
            || change.changed("image") && (new.image_update_policy == "REPLACE" || new.image.is_none())
            || change.changed("user_data") && new.user_data_update_policy == "REPLACE"
    }

    fn replace_order(&self, old: &ServerProperties, new: &ServerProperties) -> ReplaceOrder {
        if !exclusive(old).is_disjoint(&exclusive(new)) {
            ReplaceOrder::DeleteFirst
        } else if !given_ports(old).is_disjoint(&given_ports(new)) {
            ReplaceOrder::Handover
        } else {
            ReplaceOrder::CreateFirst
        }
    }

    /// As Heat: the ports that the new server gets are taken off the old one.
    async fn prepare_for_replace(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let client = cx.connection()?;
        let Some(server) = SERVERS.show(client, id.as_str()).await? else { return Ok(()) };
        if matches!(status(&server), "DELETED" | "SOFT_DELETED" | "ERROR") {
            return Ok(());
        }
        let Some(applied) = cx.applied()? else { return Ok(()) };
        let given = given_ports(&applied);
        for interface in update::interfaces_of(client, id.as_str()).await? {
            if given.contains(text(&interface, "port_id")) {
                update::detach(client, id.as_str(), text(&interface, "port_id")).await?;
            }
        }
        // Nova takes them off after its answer. Whoever gave one back before that would lose it again.
        for _ in 0..MOST_LOOKS {
            let left = update::interfaces_of(client, id.as_str()).await?;
            if !left.iter().any(|interface| given.contains(text(interface, "port_id"))) {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Err(Failure::busy(None, format!("the ports of server {id} are still being taken off")))
    }

    async fn restore_after_replace(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        let client = cx.connection()?;
        let (Some(_), Some(applied)) = (SERVERS.show(client, id.as_str()).await?, cx.applied()?) else {
            return Ok(());
        };
        let interfaces = update::interfaces_of(client, id.as_str()).await?;
        let present: BTreeSet<&str> = interfaces.iter().map(|interface| text(interface, "port_id")).collect();
        for port in given_ports(&applied).difference(&present) {
            update::attach(client, id.as_str(), &applied, None, Some(port)).await?;
        }
        Ok(())
    }

    fn validate(&self, p: &ServerProperties) -> Result<()> {
        request::validate(p)
    }

    /// All subnets of a network are there before its servers: nobody knows which one an address comes from.
    fn implicit_dependencies(&self, siblings: &Siblings<'_>) -> Vec<String> {
        let Some(own) = siblings.own() else { return Vec::new() };
        siblings
            .of_type("OS::Neutron::Subnet")
            .filter(|subnet| rest::refers_to(own, "networks", subnet, &["network", "network_id"]))
            .map(|subnet| subnet.name.clone())
            .collect()
    }

    async fn attribute(&self, cx: &Context<'_, Self>, id: &PhysicalId, name: &str) -> Result<Value> {
        let client = cx.connection()?;
        match name {
            "addresses" => attributes::addresses(client, id.as_str()).await,
            "networks" => attributes::networks(client, &Self::must_exist(cx, id).await?).await,
            "console_urls" => attributes::console_urls(client, id.as_str()).await,
            other => Err(Failure::not_found(format!("{} has no attribute {other} on demand", Self::TYPE))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_state_follows_its_status() {
        assert_eq!(state(&json!({"status": "ACTIVE"})), State::Ready);
        assert_eq!(state(&json!({"status": "ACTIVE(x)"})), State::Ready);
        assert_eq!(state(&json!({"status": "BUILD"})), State::Working("status BUILD".into()));
        let error = json!({"status": "ERROR", "fault": {"message": "No valid host was found.", "code": 500}});
        assert_eq!(state(&error), State::Failed("Message: No valid host was found., Code: 500".into()));
        let deleting = json!({"status": "ERROR", "OS-EXT-STS:task_state": "deleting"});
        assert_eq!(state(&deleting), State::Working("status deleting".into()));
    }

    #[test]
    fn a_name_is_searched_for_as_it_is() {
        assert_eq!(exactly("web.1 (a)"), r"^web\.1 \(a\)$");
    }
}
