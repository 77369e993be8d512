use heat_plugin_sdk::Attributes;
use serde::Serialize;

#[derive(Serialize, Attributes)]
struct A {
    undocumented: u8,
    /// Both.
    #[attribute(at_creation, on_demand)]
    both: String,
    /// Unknown.
    #[attribute(lazy)]
    unknown: String,
    /// No such type.
    #[attribute(type = text)]
    typed: String,
    /// The common one.
    show: String,
}

fn main() {}
