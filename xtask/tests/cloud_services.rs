//! The control plane itself: a failure here is none of the plugins'.

use std::path::Path;
use std::process::Command;

#[test]
#[ignore = "needs the control plane: cargo xtask test --only cloud"]
fn every_service_works_and_nothing_is_left_behind() {
    let clouds =
        std::env::var("HEAT_TEST_CLOUDS").expect("HEAT_TEST_CLOUDS names the control plane's clouds.yaml");
    let output = Command::new("/usr/bin/python3")
        .arg("-B")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("control-plane/control_plane.py"))
        .args(["smoke", "--base"])
        .arg(Path::new(&clouds).parent().expect("a folder"))
        .output()
        .expect("Debian's Python came with the services");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("nothing is left behind"), "{told}");
}
