use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct P {
    name: String,
    #[property(update_allowed)]
    size: u8,
}

fn main() {}
