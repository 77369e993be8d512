use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
enum P {
    Plain,
    Named(String),
}

fn main() {}
