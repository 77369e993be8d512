//! The properties and attributes that a plugin author writes first.

use heat_plugin_sdk::{Attributes, Properties, Secret};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A DNS record at Acme.
#[derive(Debug, Deserialize, Properties)]
struct RecordProperties {
    /// Fully qualified name.
    #[property(immutable, constraint(length(max = 255)))]
    name: String,
    /// Addresses the name answers with.
    #[property(update_allowed)]
    addresses: Vec<IpAddr>,
    /// Seconds that resolvers may keep the answer.
    #[property(update_allowed, default = 300, constraint(range(min = 60)))]
    ttl: u32,
    /// Token of the zone.
    #[property(secret)]
    token: Secret<String>,
}

#[derive(Debug, Serialize, Attributes)]
struct RecordAttributes {
    /// Serial number of the zone after the last change.
    serial: u64,
}

fn main() {
    let fields = <RecordProperties as Properties>::fields();
    assert_eq!(fields.len(), 4);
    assert!(fields["token"].secret);
    assert_eq!(RecordAttributes::fields().len(), 1);
    let _ = |p: RecordProperties| (p.name, p.addresses, p.ttl, p.token);
}
