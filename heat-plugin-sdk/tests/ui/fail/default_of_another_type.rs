use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, heat_plugin_sdk::PropertyType)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    Tcp,
    Udp,
}

#[derive(Deserialize, Properties)]
struct P {
    /// A text for a number.
    #[property(default = "x")]
    size: u8,
    /// Too big a number.
    #[property(default = 256)]
    count: u8,
    /// No such word.
    #[property(default = "icmp")]
    protocol: Protocol,
    /// A fraction for a whole number.
    #[property(default = 1.5)]
    whole: i64,
    /// A number for a list.
    #[property(default = 1)]
    flag: bool,
    /// An item of another type.
    #[property(default = ["a", true])]
    names: Vec<String>,
}

fn main() {}
