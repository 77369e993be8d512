use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct P {
    /// A range of a text.
    #[property(constraint(range(min = 1)))]
    name: String,
    /// A length of a number.
    #[property(constraint(length(max = 5)))]
    size: u8,
    /// A pattern of a number.
    #[property(constraint(pattern("[a-z]+")))]
    count: u8,
    /// Items of a text.
    #[property(item(constraint(custom("acme.zone"))))]
    zone: String,
}

fn main() {}
