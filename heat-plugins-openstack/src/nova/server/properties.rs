//! The properties of a server.

use heat_plugin_sdk::{Properties, PropertyType, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::neutron::AddressPair;

/// A server: a virtual machine.
#[derive(Debug, Clone, Serialize, Deserialize, Properties)]
pub struct ServerProperties {
    /// Name of the server.
    #[property(update_allowed)]
    pub name: Option<String>,
    /// Name or id of the image that the server boots from.
    #[property(update_allowed, resolve = "glance.image")]
    pub image: Option<String>,
    /// Volumes of the server, in the old form.
    pub block_device_mapping: Option<Vec<BlockDevice>>,
    /// Block devices of the server.
    #[property(since = "2015.1")]
    pub block_device_mapping_v2: Option<Vec<BlockDeviceV2>>,
    /// Name or id of the flavor.
    #[property(update_allowed, resolve = "nova.flavor")]
    pub flavor: String,
    /// Whether a change of the flavor resizes the server or replaces it.
    #[property(update_allowed, default = "RESIZE", constraint(allowed("RESIZE", "REPLACE")))]
    pub flavor_update_policy: String,
    /// Whether a change of the image rebuilds the server or replaces it.
    #[property(
        update_allowed,
        default = "REBUILD",
        constraint(allowed("REBUILD", "REPLACE", "REBUILD_PRESERVE_EPHEMERAL"))
    )]
    pub image_update_policy: String,
    /// Name of the key pair whose public key is put into the server.
    #[property(constraint(custom("nova.keypair")))]
    pub key_name: Option<String>,
    /// Without effect: every image has its own administrative user.
    #[property(
        since = "2013.2",
        deprecated(since = "2014.1"),
        hidden(
            since = "5.0.0",
            message = "The default cloud-init user set up for each image (e.g. \"ubuntu\" for Ubuntu 12.04+, \"fedora\" for Fedora 19+ and \"cloud-user\" for CentOS/RHEL 6.5)."
        )
    )]
    pub admin_user: Option<String>,
    /// Availability zone of the server.
    pub availability_zone: Option<String>,
    /// Names or ids of security groups; not beside ports that are given, which have their own.
    #[property(default = [])]
    pub security_groups: Vec<Value>,
    /// The network cards in their order.
    #[property(update_allowed)]
    pub networks: Option<Vec<Network>>,
    /// Hints for Nova where to put the server.
    pub scheduler_hints: Option<Map<String, Value>>,
    /// Keys and values kept with the server, which it can read; 255 characters each, what is no text becomes JSON.
    #[property(update_allowed, default = {})]
    pub metadata: Map<String, Value>,
    /// How `user_data` reaches the server: as it is (`RAW`), or with the parts that Heat's agents need.
    #[property(default = "HEAT_CFNTOOLS", constraint(allowed("HEAT_CFNTOOLS", "RAW", "SOFTWARE_CONFIG")))]
    pub user_data_format: String,
    /// What the server does when it boots the first time, for cloud-init or ignition.
    #[property(update_allowed, default = "", write_only)]
    pub user_data: String,
    /// Id of the reservation that the server is part of.
    pub reservation_id: Option<String>,
    /// Whether the server has a disk with its metadata and user data.
    pub config_drive: Option<bool>,
    /// Who partitions the disk.
    #[serde(rename = "diskConfig")]
    #[property(constraint(allowed("AUTO", "MANUAL")))]
    pub disk_config: Option<String>,
    /// Files that are put into the server when it boots.
    #[property(
        default = {},
        write_only,
        deprecated(since = "12.0.0", message = "Not supported by Nova since microversion 2.57; use user_data or metadata instead.")
    )]
    pub personality: Map<String, Value>,
    /// Password of the administrative user.
    #[property(update_allowed, write_only)]
    pub admin_pass: Option<Secret<String>>,
    /// How the server gets the metadata of software configurations.
    #[property(
        update_allowed,
        default = "POLL_SERVER_CFN",
        constraint(allowed("POLL_SERVER_CFN", "POLL_SERVER_HEAT", "POLL_TEMP_URL", "ZAQAR_MESSAGE"))
    )]
    pub software_config_transport: String,
    /// Whether a change of `user_data` replaces the server, rebuilds it, or is ignored.
    #[property(
        update_allowed,
        default = "REPLACE",
        constraint(allowed("REPLACE", "IGNORE", "REBUILD")),
        since = "6.0.0"
    )]
    pub user_data_update_policy: String,
    /// Tags of the server.
    #[property(update_allowed, since = "8.0.0")]
    pub tags: Option<Vec<String>>,
    /// Where in Swift the metadata of software configurations is kept, for the transport `POLL_TEMP_URL`.
    #[property(update_allowed, default = {}, since = "9.0.0")]
    pub deployment_swift_data: SwiftData,
}

/// A volume of a server, in the old form.
#[derive(Debug, Clone, Serialize, Deserialize, PropertyType)]
pub struct BlockDevice {
    /// Device that the volume shall be at, such as `vda`.
    pub device_name: String,
    /// Id of the volume. Either it or `snapshot_id` is given.
    #[property(constraint(custom("cinder.volume")))]
    pub volume_id: Option<String>,
    /// Id of the snapshot that a volume is made from.
    #[property(constraint(custom("cinder.snapshot")))]
    pub snapshot_id: Option<String>,
    /// Size of that volume in GiB.
    pub volume_size: Option<i64>,
    /// Whether the volume goes with the server.
    pub delete_on_termination: Option<bool>,
}

/// A block device of a server.
#[derive(Debug, Clone, Serialize, Deserialize, PropertyType)]
pub struct BlockDeviceV2 {
    /// Device that it shall be at, such as `vda`.
    pub device_name: Option<String>,
    /// Id of the volume that it is.
    #[property(constraint(custom("cinder.volume")))]
    pub volume_id: Option<String>,
    /// Name or id of the image that a volume is made from.
    #[property(
        resolve = "glance.image",
        since = "7.0.0",
        renamed_from(
            name = "image_id",
            since = "5.0.0",
            deprecated(since = "7.0.0"),
            hidden(since = "9.0.0", message = "Use property image.")
        )
    )]
    pub image: Option<String>,
    /// Id of the snapshot that a volume is made from.
    #[property(constraint(custom("cinder.snapshot")))]
    pub snapshot_id: Option<String>,
    /// Size of swap space in MiB.
    pub swap_size: Option<i64>,
    /// Whether it is a disk or a CD.
    #[property(constraint(allowed("cdrom", "disk")))]
    pub device_type: Option<String>,
    /// Bus that it is at.
    #[property(constraint(allowed("ide", "lame_bus", "sata", "scsi", "usb", "virtio")))]
    pub disk_bus: Option<String>,
    /// Place in the order of booting; 0 unless given for a volume, a snapshot or an image, else -1.
    pub boot_index: Option<i64>,
    /// Size of the volume in GiB.
    pub volume_size: Option<i64>,
    /// Whether it goes with the server.
    pub delete_on_termination: Option<bool>,
    /// Size in GiB of a disk that goes with the server.
    #[property(constraint(range(min = 1)), since = "8.0.0")]
    pub ephemeral_size: Option<i64>,
    /// File system of a disk that goes with the server.
    #[property(constraint(allowed("ext2", "ext3", "ext4", "xfs", "ntfs")), since = "8.0.0")]
    pub ephemeral_format: Option<String>,
    /// Name or id of the type of the volume that is made.
    #[property(constraint(custom("cinder.vtype")), since = "26.0.0")]
    pub volume_type: Option<String>,
}

/// A network card of a server.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PropertyType)]
pub struct Network {
    /// Name or id of the network that a port is made in.
    #[property(
        resolve = "neutron.network",
        renamed_from(
            name = "uuid",
            deprecated(since = "2014.1", message = "Use property network."),
            hidden(since = "5.0.0")
        )
    )]
    pub network: Option<String>,
    /// `auto`: any network that is there or can be made; `none`: no network at all. Not beside anything else.
    #[property(update_allowed, constraint(allowed("none", "auto")), since = "9.0.0")]
    pub allocate_network: Option<String>,
    /// Address of the port that is made.
    #[property(constraint(custom("ip_addr")))]
    pub fixed_ip: Option<String>,
    /// Name or id of an existing port.
    #[property(resolve = "neutron.port")]
    pub port: Option<String>,
    /// More about the port that is made.
    #[property(update_allowed, since = "6.0.0")]
    pub port_extra_properties: Option<PortExtra>,
    /// Name or id of the subnet that the port's address comes from.
    #[property(since = "5.0.0")]
    pub subnet: Option<String>,
    /// Id of the floating IP that leads to the port.
    #[property(since = "6.0.0")]
    pub floating_ip: Option<String>,
    /// Tag of the card; a change of it is ignored, as Nova cannot do it.
    #[property(since = "9.0.0")]
    pub tag: Option<String>,
}

/// More about a port that is made for a server: what `OS::Neutron::Port` has beside its place and name.
#[derive(Debug, Clone, Serialize, Deserialize, PropertyType)]
pub struct PortExtra {
    /// Further parameters for the request.
    #[property(update_allowed, default = {})]
    pub value_specs: Map<String, Value>,
    /// Whether the port is administratively up.
    #[property(update_allowed, default = true)]
    pub admin_state_up: bool,
    /// Hardware address; usually only administrators may change it.
    #[property(constraint(custom("mac_addr")))]
    pub mac_address: Option<String>,
    /// Further addresses that may send and receive through the port.
    #[property(update_allowed)]
    pub allowed_address_pairs: Option<Vec<AddressPair>>,
    /// Kind of the virtual network card.
    #[serde(rename = "binding:vnic_type")]
    #[property(
        update_allowed,
        default = "normal",
        constraint(allowed(
            "normal",
            "direct",
            "macvtap",
            "direct-physical",
            "baremetal",
            "virtio-forwarder",
            "smart-nic"
        )),
        since = "2015.1"
    )]
    pub vnic_type: String,
    /// Name or id of the port's QoS policy.
    #[property(update_allowed, constraint(custom("neutron.qos_policy")), since = "6.0.0")]
    pub qos_policy: Option<String>,
    /// Whether security groups and address pairs are enforced.
    #[property(update_allowed, since = "5.0.0")]
    pub port_security_enabled: Option<bool>,
    /// Whether the state of the uplink is passed on to the port.
    #[property(update_allowed, since = "15.0.0")]
    pub propagate_uplink_status: Option<bool>,
    /// Whether the port shall have no address at all.
    #[property(update_allowed, default = false, since = "16.0.0")]
    pub no_fixed_ips: bool,
}

/// A place in Swift.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PropertyType)]
pub struct SwiftData {
    /// Name of the container.
    #[property(constraint(length(min = 1)))]
    pub container: Option<String>,
    /// Name of the object.
    #[property(constraint(length(min = 1)))]
    pub object: Option<String>,
}

impl ServerProperties {
    /// The password, if one is given.
    pub(super) fn password(&self) -> Option<&str> {
        self.admin_pass
            .as_ref()
            .map(|password| password.expose().as_str())
            .filter(|password| !password.is_empty())
    }
}
