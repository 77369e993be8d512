use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct P<T> {
    /// Its name.
    name: T,
}

fn main() {}
