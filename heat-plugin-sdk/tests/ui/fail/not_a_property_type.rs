use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize)]
struct Opaque;

#[derive(Deserialize, Properties)]
struct P {
    /// What is it?
    inside: Opaque,
}

fn main() {}
