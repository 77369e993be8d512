use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct P {
    /// Its name.
    name: String,
    /// Another one.
    #[serde(rename = "name")]
    title: String,
    /// A third one.
    #[property(renamed_from = "name")]
    label: String,
}

fn main() {}
