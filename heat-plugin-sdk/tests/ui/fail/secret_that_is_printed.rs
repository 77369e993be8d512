use heat_plugin_sdk::{Properties, Secret};
use serde::Deserialize;

#[derive(Debug, Deserialize, Properties)]
struct P {
    /// Not printed.
    #[property(secret)]
    good: Option<Secret<String>>,
    /// Printed.
    #[property(secret)]
    token: Option<String>,
}

fn main() {}
