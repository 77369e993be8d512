//! The kinds of objects that a cloud holds, and by what they are looked up.

use super::document::{Fields, Object, text_of};

macro_rules! kinds {
    ($($variant:ident $name:literal),* $(,)?) => {
        /// A kind of object: one table of the state.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum Kind { $($variant),* }

        impl Kind {
            /// Every kind, in the order of the tables.
            pub(crate) const ALL: &[Kind] = &[$(Kind::$variant),*];

            /// The name in the state file and in inventories.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name),* }
            }

            /// The kind of that name.
            pub(crate) fn named(name: &str) -> Option<Kind> {
                match name { $($name => Some(Kind::$variant),)* _ => None }
            }
        }
    };
}

kinds! {
    Domain "domain", Project "project", User "user", Role "role",
    ApplicationCredential "application_credential",
    Network "network", Subnet "subnet", Port "port", Router "router", FloatingIp "floatingip",
    SecurityGroup "security_group", SecurityGroupRule "security_group_rule",
    SubnetPool "subnetpool", AddressScope "address_scope", QosPolicy "qos_policy", QosRule "qos_rule",
    RbacPolicy "rbac_policy",
    Server "server", Flavor "flavor", KeyPair "keypair", ServerGroup "server_group",
    Volume "volume", VolumeType "volume_type", Snapshot "snapshot", Backup "backup",
    Attachment "attachment", Image "image", Member "image_member",
    GoneImage "gone_image", Quota "quota", Step "step", Held "held_request", Sequence "sequence",
}

impl Kind {
    /// Whether objects of this kind are the simulator's own bookkeeping, not the cloud's.
    pub(crate) fn is_internal(self) -> bool {
        matches!(self, Kind::GoneImage | Kind::Quota | Kind::Step | Kind::Held | Kind::Sequence)
    }

    /// Under which keys an object is found: pairs of index name and key.
    pub(crate) fn keys(self, object: &Object) -> Vec<(&'static str, String)> {
        let mut keys = Vec::with_capacity(4);
        let mut one = |index: &'static str, field: &str| {
            let text = object.text(field);
            if !text.is_empty() {
                keys.push((index, text.to_owned()));
            }
        };
        one("project", "project_id");
        one("name", "name");
        match self {
            Kind::Port => {
                one("network", "network_id");
                one("device", "device_id");
                keys.push(("mac", format!("{}|{}", object.text("network_id"), object.text("mac_address"))));
                for fixed in object.items("fixed_ips") {
                    let (subnet, address) = (text_of(fixed, "subnet_id"), text_of(fixed, "ip_address"));
                    keys.push(("subnet", subnet.to_owned()));
                    keys.push(("ip", format!("{subnet}|{address}")));
                }
                for group in object.items("security_groups") {
                    keys.push(("group", group.as_str().unwrap_or("").to_owned()));
                }
            }
            Kind::Subnet => {
                one("network", "network_id");
                one("pool", "subnetpool_id");
            }
            Kind::FloatingIp => {
                one("port", "port_id");
                one("ip", "floating_ip_address");
                one("router", "router_id");
                one("network", "floating_network_id");
            }
            Kind::SecurityGroupRule => {
                one("group", "security_group_id");
                one("remote", "remote_group_id");
            }
            Kind::SubnetPool => one("scope", "address_scope_id"),
            Kind::QosRule => one("policy", "_policy_id"),
            Kind::RbacPolicy => one("object", "object_id"),
            Kind::Network => {
                one("qos", "qos_policy_id");
                for flag in ["shared", "router:external"] {
                    if object.flag(flag) {
                        keys.push(("shared", "yes".to_owned()));
                    }
                }
            }
            Kind::Snapshot | Kind::Backup => one("volume", "volume_id"),
            Kind::Volume => one("type", "_type_id"),
            Kind::Attachment => {
                one("volume", "volume_id");
                one("server", "instance");
            }
            Kind::KeyPair | Kind::ApplicationCredential => one("user", "user_id"),
            Kind::Member => one("image", "image_id"),
            Kind::Step | Kind::Held => {
                keys.push(("due", due_key(object.int("due"))));
            }
            _ => {}
        }
        keys
    }
}

/// A point in time (milliseconds) as a key that sorts.
pub(crate) fn due_key(milliseconds: i64) -> String {
    format!("{:020}", milliseconds.max(0))
}
