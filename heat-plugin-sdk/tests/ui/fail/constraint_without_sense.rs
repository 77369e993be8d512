use heat_plugin_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct P {
    /// The wrong way round.
    #[property(constraint(range(min = 5, max = 1)))]
    a: i64,
    /// No ends.
    #[property(constraint(length()))]
    b: String,
    /// No step.
    #[property(constraint(modulo(step = 0, offset = 0)))]
    c: i64,
    /// No values.
    #[property(constraint(allowed()))]
    d: String,
    /// Two kinds.
    #[property(constraint(length(min = 1), pattern("x")))]
    e: String,
    /// No kind.
    #[property(constraint(description = "what?"))]
    f: String,
    /// A negative length.
    #[property(constraint(length(min = -1)))]
    g: String,
}

fn main() {}
