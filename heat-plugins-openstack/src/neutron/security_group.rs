//! `OS::Neutron::SecurityGroup`.

use heat_plugin_sdk::{
    Change, Context, Created, Failure, FindBasis, Finding, Observed, Operation, PhysicalId, Progress,
    Properties, PropertyType, Resource, Result, State, satisfies,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::port::PORTS;
use super::{project, rule_match};
use crate::client::{Client, Request};
use crate::rest::{self, Body, Collection, text};

const GROUPS: Collection = Collection::network("security-groups", "security_group", "security_groups");

/// A security group: rules that say which traffic may reach and leave an instance.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
#[property(since = "2014.1")]
pub struct SecurityGroupProperties {
    /// Name of the group; need not be unique, but must not be `default`.
    #[property(update_allowed)]
    pub name: Option<String>,
    /// What the group is for.
    #[property(update_allowed)]
    pub description: Option<String>,
    /// The rules.
    #[property(update_allowed, default = [])]
    pub rules: Vec<Rule>,
    /// Whether answers to allowed traffic are allowed too.
    #[property(update_allowed, since = "27.0.0")]
    pub stateful: Option<bool>,
}

/// A rule of a security group.
#[derive(Debug, Clone, Serialize, Deserialize, PropertyType)]
pub struct Rule {
    /// Whether traffic to the instance (`ingress`) or from it (`egress`) is meant.
    #[property(default = "ingress", constraint(allowed("ingress", "egress")))]
    pub direction: String,
    /// Version of the Internet Protocol.
    #[property(default = "IPv4", constraint(allowed("IPv4", "IPv6")))]
    pub ethertype: String,
    /// First port, or the type of an ICMP message.
    #[property(constraint(range(min = 0, max = 65535)))]
    pub port_range_min: Option<i64>,
    /// Last port, or the code of an ICMP message.
    #[property(constraint(range(min = 0, max = 65535)))]
    pub port_range_max: Option<i64>,
    /// The protocol, by name or number; all if it is not given.
    #[property(schema = rule_match::protocol())]
    pub protocol: Option<String>,
    /// Whether the other end is given as a range of addresses or as a security group.
    #[property(default = "remote_ip_prefix", constraint(allowed("remote_ip_prefix", "remote_group_id")))]
    pub remote_mode: String,
    /// Security group of the other end; this group if `remote_mode` asks for one and none is given.
    #[property(constraint(custom("neutron.security_group")))]
    pub remote_group_id: Option<String>,
    /// Addresses of the other end in CIDR notation.
    #[property(constraint(custom("net_cidr")))]
    pub remote_ip_prefix: Option<String>,
    /// What the rule is for.
    #[property(since = "27.0.0")]
    pub description: Option<String>,
}

impl Rule {
    /// The rule in Neutron's words.
    fn request(&self, group: &str) -> Value {
        let by_group = self.remote_mode == "remote_group_id";
        let remote_group =
            by_group.then(|| self.remote_group_id.as_deref().filter(|id| !id.is_empty()).unwrap_or(group));
        let mut rule = json!({
            "security_group_id": group,
            "direction": self.direction,
            "ethertype": self.ethertype,
            "protocol": self.protocol,
            "port_range_min": self.port_range_min,
            "port_range_max": self.port_range_max,
            "remote_group_id": remote_group,
            "remote_ip_prefix": if by_group { None } else { self.remote_ip_prefix.as_deref() },
        });
        if let Some(description) = &self.description {
            rule["description"] = json!(description);
        }
        rule
    }
}

/// `OS::Neutron::SecurityGroup`.
#[derive(Debug, Clone, Copy)]
pub struct SecurityGroup;

/// The rules that a group shall have: those of the template, and those that let everything out where the template says
/// nothing of that direction.
fn wanted(rules: &[Rule], group: &str) -> Vec<Value> {
    let mut wanted: Vec<Value> = rules.iter().map(|rule| rule.request(group)).collect();
    if !rules.iter().any(|rule| rule.direction == "egress") {
        wanted.extend(
            ["IPv4", "IPv6"].map(
                |version| json!({"security_group_id": group, "direction": "egress", "ethertype": version}),
            ),
        );
    }
    wanted
}

/// A rule of Neutron's in the template's words.
fn as_property(rule: &Value, group: &str) -> Value {
    let by_group = rule.get("remote_group_id").is_some_and(|id| !id.is_null());
    let remote = &rule["remote_group_id"];
    json!({
        "direction": rule["direction"],
        "ethertype": rule["ethertype"],
        "port_range_min": rule["port_range_min"],
        "port_range_max": rule["port_range_max"],
        "protocol": rule["protocol"],
        "remote_mode": if by_group { "remote_group_id" } else { "remote_ip_prefix" },
        "remote_group_id": if remote == group { &Value::Null } else { remote },
        "remote_ip_prefix": rule["remote_ip_prefix"],
        "description": rule["description"],
    })
}

/// The rules without those that let everything out, which a group has whose template says nothing of that direction.
fn beside_defaults(rules: &[Value]) -> impl Iterator<Item = &Value> {
    let egress = |rule: &&Value| text(rule, "direction") == "egress";
    let default = |rule: &Value| wanted(&[], "").iter().any(|other| rule_match::same(rule, other));
    let only_defaults = rules.iter().filter(egress).count() == 2 && rules.iter().filter(egress).all(default);
    rules.iter().filter(move |rule| !(only_defaults && egress(rule)))
}

fn rules_of(group: &Value) -> Vec<Value> {
    group["security_group_rules"].as_array().cloned().unwrap_or_default()
}

impl SecurityGroup {
    /// Removes those of the group's own rules that are not wanted any more and adds those that are missing. Says whether
    /// there was anything to do.
    async fn settle(
        client: &Client,
        id: &str,
        present: &[Value],
        own: &[Value],
        wanted: &[Value],
    ) -> Result<bool> {
        let among = |rule: &Value, rules: &[Value]| rules.iter().any(|other| rule_match::same(rule, other));
        let stale: Vec<&Value> =
            present.iter().filter(|rule| among(rule, own) && !among(rule, wanted)).collect();
        let missing = rule_match::missing(wanted, present);
        for rule in &stale {
            match client.send("network", Request::delete(["security-group-rules", text(rule, "id")])).await {
                Err(error) if error.is_not_found() => {}
                result => drop(result?),
            }
        }
        if !missing.is_empty() {
            let mut missing: Vec<Value> = missing.into_iter().cloned().collect();
            for rule in &mut missing {
                rule["security_group_id"] = json!(id);
            }
            // A repeat would collide; what is still missing is seen at the next read.
            let request = Request::post(["security-group-rules"], json!({"security_group_rules": missing}));
            client.send("network", request).await?;
            return Ok(true);
        }
        Ok(!stale.is_empty())
    }

    /// Whether Neutron knows groups without state.
    async fn knows_stateless(client: &Client) -> Result<bool> {
        match client.send("network", Request::get(["extensions", "stateful-security-group"])).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Leaves `stateful` out where Neutron does not know it.
    async fn adapted(client: &Client, body: Body) -> Result<Body> {
        match body.get("stateful") {
            None => Ok(body),
            Some(_) if Self::knows_stateless(client).await? => Ok(body.without_null(&["stateful"])),
            Some(Value::Bool(false)) => Err(Failure::invalid(
                "stateful".to_owned(),
                "Neutron does not support stateless security groups; remove the \"stateful\" property or set it to true.",
            )),
            Some(_) => Ok(body.without(&["stateful"])),
        }
    }
}

impl Resource for SecurityGroup {
    const TYPE: &'static str = "OS::Neutron::SecurityGroup";
    type Connection = Client;
    type Properties = SecurityGroupProperties;
    type Attributes = ();

    async fn create(&self, cx: &Context<'_, Self>, p: &SecurityGroupProperties) -> Result<Created> {
        let client = cx.connection()?;
        let body = Self::adapted(client, Body::of(p)?.without(&["rules"]).name(cx)).await?;
        let group = GROUPS.create(client, body).await?;
        Ok(Created::new(rest::id_of(&group)?))
    }

    async fn read(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let Some(group) = GROUPS.show(cx.connection()?, id.as_str()).await? else { return Ok(None) };
        let present = rules_of(&group);
        let mut observed = Observed::new(State::Ready);
        for name in ["name", "description", "stateful"] {
            if let Some(value) = group.get(name) {
                observed = observed.property(name, value)?;
            }
        }
        let applied = cx.applied()?.filter(|applied| {
            let wanted = wanted(&applied.rules, id.as_str());
            rule_match::missing(&wanted, &present).is_empty()
                && rule_match::missing(&present, &wanted).is_empty()
        });
        let rules = match (applied, cx.call().applied.as_ref().and_then(|applied| applied.get("rules"))) {
            (Some(_), Some(rules)) => rules.clone(),
            (Some(_), None) => json!([]),
            (None, _) => beside_defaults(&present).map(|rule| as_property(rule, id.as_str())).collect(),
        };
        Ok(Some(observed.property("rules", rules)?.show(group)))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        change: &Change<SecurityGroupProperties>,
    ) -> Result<()> {
        let client = cx.connection()?;
        if change.changed("stateful") {
            // Neutron refuses it while a port uses the group; that is said before anything else is changed.
            let request = Request::get([PORTS.path]).query("security_groups", id.as_str());
            if !client.list("network", request, "ports").await?.is_empty() {
                return Err(Failure::conflict(format!(
                    "\"stateful\" of security group {id} cannot be changed while it is attached to ports; detach it \
                     from all ports first"
                )));
            }
        }
        let mut body = Body::of_change(change)?.without(&["rules"]).changed_name(cx);
        if body.get("description").is_some_and(Value::is_null) {
            body.set("description", "");
        }
        GROUPS.update(client, id.as_str(), Self::adapted(client, body).await?).await
    }

    async fn delete(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> Result<()> {
        GROUPS.delete(cx.connection()?, id.as_str()).await
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        id: &PhysicalId,
        operation: &Operation<'_, SecurityGroupProperties>,
        observed: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let progress = rest::by_state(id, operation, observed);
        let (Progress::Done, Some(observed)) = (&progress, observed) else { return Ok(progress) };
        let present = observed.observation().show.as_ref().map(rules_of).unwrap_or_default();
        // A new group has only what Neutron gives it. Later there are also rules of others: resources of the type
        // `OS::Neutron::SecurityGroupRule`, and what people add.
        let (own, rules) = match operation {
            Operation::Create(p) if !p.rules.is_empty() => (present.clone(), &p.rules),
            Operation::Update(change) if change.changed("rules") => {
                (wanted(&change.old().rules, id.as_str()), &change.new_properties().rules)
            }
            _ => return Ok(progress),
        };
        let wanted = wanted(rules, id.as_str());
        if Self::settle(cx.connection()?, id.as_str(), &present, &own, &wanted).await? {
            return Ok(Progress::wait("rules"));
        }
        Ok(progress)
    }

    /// Rules beside those of the template belong to other resources, or to people.
    fn drift(&self, property: &str, applied: &Value, observed: &Value) -> Option<Value> {
        let (Some(rules), Some(present)) = (applied.as_array(), observed.as_array()) else {
            return (!satisfies(applied, observed)).then(|| observed.clone());
        };
        if property != "rules" {
            return (!satisfies(applied, observed)).then(|| observed.clone());
        }
        let is_there = |rule: &&Value| {
            present
                .iter()
                .any(|other| rule_match::same(rule, other) && rule["remote_mode"] == other["remote_mode"])
        };
        let there: Vec<Value> = rules.iter().filter(is_there).cloned().collect();
        (there.len() < rules.len()).then(|| there.into())
    }

    fn find_basis(&self, p: &SecurityGroupProperties) -> FindBasis {
        rest::basis_of_name(p.name.as_deref())
    }

    async fn find(&self, cx: &Context<'_, Self>, p: &SecurityGroupProperties) -> Result<Finding> {
        let client = cx.connection()?;
        let name = p.name.clone().unwrap_or_else(|| cx.physical_name(rest::NAME_LIMIT));
        let project = project(client).await?;
        Ok(rest::finding(cx, &GROUPS.named(client, &name, &[("project_id", &project)]).await?))
    }

    fn validate(&self, p: &SecurityGroupProperties) -> Result<()> {
        if p.name.as_deref() == Some("default") {
            let message = "Security groups cannot be assigned the name \"default\".";
            return Err(Failure::invalid("name".to_owned(), message));
        }
        Ok(())
    }
}
