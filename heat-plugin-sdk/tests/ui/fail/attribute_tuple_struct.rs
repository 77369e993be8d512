use heat_plugin_sdk::Attributes;
use serde::Serialize;

#[derive(Serialize, Attributes)]
struct A(u8);

fn main() {}
