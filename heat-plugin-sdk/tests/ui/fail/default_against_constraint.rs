use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct P {
    /// Too small.
    #[property(default = 30, constraint(range(min = 60)))]
    ttl: u32,
    /// Too long.
    #[property(default = "abcdef", constraint(length(max = 5)))]
    name: String,
    /// Not allowed.
    #[property(default = "c", constraint(allowed("a", "b")))]
    kind: String,
    /// Odd.
    #[property(default = 3, constraint(modulo(step = 2, offset = 0)))]
    even: i64,
}

fn main() {}
