use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct P {
    /// Its name.
    #[property(default = "x")]
    name: Option<String>,
    /// Its size.
    #[property(required)]
    size: Option<u8>,
    /// Its count.
    #[property(required, default = 1)]
    count: u8,
}

fn main() {}
