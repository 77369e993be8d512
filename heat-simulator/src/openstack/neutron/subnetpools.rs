//! Subnet pools and address scopes.

use super::addresses::Cidr;
use super::attributes::{Attribute, Check, Initial, fixed, free, invalid, privileged, shown};
use super::ipam::cidr_of;
use super::resource::{Resource, apply, plain_view, texts};
use crate::cloud::{Caller, Cloud, Fields, Kind, Object};
use crate::http::exchange::Refusal;
use serde_json::{Value, json};

const ATTRIBUTES: &[Attribute] = &[
    free("name", Initial::Required, Check::Text(255)),
    free("prefixes", Initial::Required, Check::Any),
    free("default_prefixlen", Initial::Unset, Check::NumberOrNull),
    free("min_prefixlen", Initial::Unset, Check::NumberOrNull),
    free("max_prefixlen", Initial::Unset, Check::NumberOrNull),
    free("default_quota", Initial::Null, Check::NumberOrNull),
    free("address_scope_id", Initial::Null, Check::UuidOrNull),
    free("description", Initial::Text(""), Check::Text(255)),
    privileged("shared", Initial::Flag(false), Check::Flag),
    privileged("is_default", Initial::Flag(false), Check::Flag),
    shown("ip_version"),
];

pub(super) const RESOURCE: Resource = Resource {
    kind: Kind::SubnetPool,
    name: "subnetpool",
    collection: "subnetpools",
    missing: ("SubnetPoolNotFound", "Subnet pool {} could not be found."),
    attributes: ATTRIBUTES,
    view: plain_view,
    create,
    update,
    delete,
};

const SCOPE_ATTRIBUTES: &[Attribute] = &[
    free("name", Initial::Text(""), Check::Text(255)),
    privileged("shared", Initial::Flag(false), Check::Flag),
    fixed("ip_version", Initial::Required, Check::Number(4, 6)),
];

pub(super) const SCOPES: Resource = Resource {
    kind: Kind::AddressScope,
    name: "address_scope",
    collection: "address-scopes",
    missing: ("AddressScopeNotFound", "Address scope {} could not be found."),
    attributes: SCOPE_ATTRIBUTES,
    view: scope_view,
    create: create_scope,
    update: update_scope,
    delete: delete_scope,
};

fn scope_view(_: &Cloud, _: &Caller, scope: &Object) -> Object {
    let wanted = ["id", "name", "tenant_id", "shared", "ip_version", "project_id"];
    wanted.iter().map(|name| ((*name).to_owned(), scope.value(name))).collect()
}

fn create_scope(cloud: &mut Cloud, _: &Caller, given: Object) -> Result<String, Refusal> {
    let mut scope = given;
    let id = cloud.stamp(&mut scope);
    cloud.tables.put(Kind::AddressScope, scope);
    Ok(id)
}

fn update_scope(cloud: &mut Cloud, _: &Caller, scope: Object, changes: Object) -> Result<(), Refusal> {
    apply(cloud, Kind::AddressScope, scope.text("id"), changes);
    Ok(())
}

fn delete_scope(cloud: &mut Cloud, _: &Caller, scope: &Object) -> Result<(), Refusal> {
    let id = scope.text("id");
    if cloud.tables.count_by(Kind::SubnetPool, "scope", id) > 0 {
        return Err(Refusal::typed(
            409,
            "AddressScopeInUse",
            format!(
                "Unable to complete operation on address scope {id}. There are one or more subnet pools in use on the address scope."
            ),
        ));
    }
    cloud.tables.remove(Kind::AddressScope, id);
    Ok(())
}

fn prefixes(pool: &Object) -> Result<Vec<Cidr>, Refusal> {
    let mut parsed = Vec::new();
    for text in texts(pool.items("prefixes")) {
        let Some((cidr, _)) = Cidr::parse(text) else {
            return Err(invalid("prefixes", &format!("'{text}' is not a valid IP subnet")));
        };
        parsed.push(cidr);
    }
    if parsed.is_empty() {
        return Err(Refusal::typed(400, "EmptySubnetPoolPrefixList", "Empty subnet pool prefix list."));
    }
    if parsed.iter().any(|cidr| cidr.v6 != parsed[0].v6) {
        return Err(Refusal::typed(
            400,
            "PrefixVersionMismatch",
            "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.",
        ));
    }
    Ok(parsed)
}

fn create(cloud: &mut Cloud, caller: &Caller, given: Object) -> Result<String, Refusal> {
    cloud.check_network_quota(Kind::SubnetPool, given.text("project_id"))?;
    let mut pool = given;
    let parsed = prefixes(&pool)?;
    let v6 = parsed.first().is_some_and(|cidr| cidr.v6);
    let (most, least) = if v6 { (128, 64) } else { (32, 8) };
    pool.entry("min_prefixlen").or_insert(json!(least));
    pool.entry("max_prefixlen").or_insert(json!(most));
    let smallest = pool.value("min_prefixlen");
    pool.entry("default_prefixlen").or_insert(smallest);
    let (low, default, high) =
        (pool.int("min_prefixlen"), pool.int("default_prefixlen"), pool.int("max_prefixlen"));
    if low > high || default < low || default > high {
        return Err(Refusal::typed(
            400,
            "IllegalSubnetPoolPrefixBounds",
            format!(
                "Illegal prefix bounds: default_prefixlen={default}, min_prefixlen={low}, max_prefixlen={high}."
            ),
        ));
    }
    let scope = pool.text("address_scope_id");
    if !scope.is_empty() {
        let _ = SCOPES.find(cloud, caller, scope)?;
    }
    // Neutron keeps the lengths as texts.
    for (name, length) in [("default_prefixlen", default), ("min_prefixlen", low), ("max_prefixlen", high)] {
        pool.set(name, length.to_string());
    }
    let normal: Vec<Value> = parsed.iter().map(|cidr| cidr.to_string().into()).collect();
    pool.set("prefixes", normal);
    pool.set("ip_version", if v6 { 6 } else { 4 });
    let id = cloud.stamp(&mut pool);
    cloud.tables.put(Kind::SubnetPool, pool);
    Ok(id)
}

fn update(cloud: &mut Cloud, _: &Caller, pool: Object, changes: Object) -> Result<(), Refusal> {
    let mut after = pool.clone();
    after.extend(changes.clone());
    let kept = prefixes(&after)?;
    if prefixes(&pool)?
        .iter()
        .any(|old| !kept.iter().any(|new| new.contains(old.first) && new.contains(old.last())))
    {
        return Err(Refusal::typed(
            400,
            "IllegalSubnetPoolPrefixUpdate",
            format!(
                "Illegal update to prefixes: Prefixes can only be added to the subnet pool {}.",
                pool.text("id")
            ),
        ));
    }
    let mut changes = changes;
    for name in ["default_prefixlen", "min_prefixlen", "max_prefixlen"] {
        if let Some(length) = changes.get(name).and_then(Value::as_i64) {
            changes.set(name, length.to_string());
        }
    }
    apply(cloud, Kind::SubnetPool, pool.text("id"), changes);
    Ok(())
}

fn delete(cloud: &mut Cloud, _: &Caller, pool: &Object) -> Result<(), Refusal> {
    let id = pool.text("id");
    if cloud.tables.count_by(Kind::Subnet, "pool", id) > 0 {
        return Err(Refusal::typed(
            400,
            "SubnetPoolDeleteError",
            "Unable to delete subnet pool: Subnet pool has existing allocations.",
        ));
    }
    cloud.tables.remove(Kind::SubnetPool, id);
    Ok(())
}

/// The id of the default pool of an IP version.
pub(super) fn default_pool(cloud: &Cloud, version: i64) -> Option<String> {
    let mut pools = cloud.tables.all(Kind::SubnetPool);
    pools
        .find(|pool| pool.flag("is_default") && pool.int("ip_version") == version)
        .map(|pool| pool.text("id").to_owned())
}

/// A prefix length of a stored pool.
fn length_of(pool: &Object, name: &str) -> i64 {
    pool.text(name).parse().unwrap_or_else(|_| pool.int(name))
}

/// A subnet out of a pool: the asked one, or the first free of the asked (or default) size.
pub(super) fn carve(
    cloud: &Cloud,
    pool: &Object,
    asked: Option<Cidr>,
    prefix: Option<i64>,
) -> Result<Cidr, Refusal> {
    let id = pool.text("id");
    let used: Vec<Cidr> = cloud.tables.find(Kind::Subnet, "pool", id).map(cidr_of).collect();
    let whole = prefixes(pool)?;
    let length = asked.map_or_else(
        || prefix.unwrap_or_else(|| length_of(pool, "default_prefixlen")),
        |cidr| i64::from(cidr.prefix),
    );
    if length < length_of(pool, "min_prefixlen") {
        return Err(Refusal::typed(
            400,
            "MinPrefixSubnetAllocationError",
            format!(
                "Unable to allocate subnet with prefix length {length}, minimum allowed prefix is {}.",
                length_of(pool, "min_prefixlen")
            ),
        ));
    }
    if length > length_of(pool, "max_prefixlen") {
        return Err(Refusal::typed(
            400,
            "MaxPrefixSubnetAllocationError",
            format!(
                "Unable to allocate subnet with prefix length {length}, maximum allowed prefix is {}.",
                length_of(pool, "max_prefixlen")
            ),
        ));
    }
    if let Some(cidr) = asked {
        let free = whole.iter().any(|one| one.contains(cidr.first) && one.contains(cidr.last()))
            && !used.iter().any(|one| one.overlaps(cidr));
        return if free {
            Ok(cidr)
        } else {
            Err(Refusal::typed(
                409,
                "SubnetAllocationError",
                "Failed to allocate subnet: Cannot allocate requested subnet from the available set of prefixes.",
            ))
        };
    }
    let length = u8::try_from(length).unwrap_or(0);
    for one in whole.iter().filter(|one| one.prefix <= length) {
        let mut candidate = Cidr { prefix: length, ..*one };
        while candidate.last() <= one.last() {
            match used.iter().filter(|other| other.overlaps(candidate)).map(|other| other.last()).max() {
                None => return Ok(candidate),
                // The next one of that size behind what is in the way.
                Some(last) => {
                    let step = candidate.last() - candidate.first + 1;
                    candidate.first += ((last - candidate.first) / step + 1) * step;
                }
            }
        }
    }
    Err(Refusal::typed(
        409,
        "SubnetAllocationError",
        "Failed to allocate subnet: Insufficient prefix space to allocate subnet size.",
    ))
}
