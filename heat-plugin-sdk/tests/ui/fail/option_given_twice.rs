use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct P {
    /// Its name.
    #[property(secret, secret)]
    name: String,
}

fn main() {}
