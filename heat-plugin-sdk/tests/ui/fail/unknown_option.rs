use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct P {
    /// Its name.
    #[property(updateable)]
    name: String,
    /// Its size.
    #[property(constraint(between(min = 1)))]
    size: u8,
    /// Its count.
    #[property(constraint(range(least = 1)))]
    count: u8,
    /// Its zone.
    #[property(item(default = 1))]
    zone: Vec<String>,
}

fn main() {}
