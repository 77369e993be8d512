use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct P(String, u8);

fn main() {}
