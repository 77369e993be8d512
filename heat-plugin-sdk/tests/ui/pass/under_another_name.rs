//! The SDK through somebody's own re-export.

mod prelude {
    pub(crate) use heat_plugin_sdk as sdk;
}

/// Something.
#[derive(serde::Deserialize, prelude::sdk::Properties)]
#[property(crate = crate::prelude::sdk)]
struct P {
    /// Its name.
    #[property(default = "x", resolve = "acme.zone", since = "1.0")]
    name: String,
}

fn main() {
    let _ = |p: P| p.name;
    assert_eq!(<P as prelude::sdk::Properties>::fields().len(), 1);
}
