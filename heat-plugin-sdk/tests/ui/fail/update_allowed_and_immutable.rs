use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct P {
    /// Its name.
    #[property(update_allowed, immutable)]
    name: String,
}

fn main() {}
