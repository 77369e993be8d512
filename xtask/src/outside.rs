//! What is built from outside the workspace, as the users of the crates do: the examples that are workspaces of their own,
//! and the packaged crates.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::{LayerRun, StepError};

/// The examples that are programs; the others are templates.
const EXAMPLES: [&str; 2] = ["out-of-tree-plugin", "orchestrator"];

/// The crates that an example of somebody else's plugin, and its tests, come to need.
const FOR_PLUGINS: [&str; 4] = ["heat-template", "heat-plugin-sdk-macros", "heat-plugin-sdk", "heat-engine"];

/// Where the example says that the crates come from beside it.
const FROM_BESIDE: &str = "[patch.crates-io]";

/// Cargo with one target folder for all of them, so that what they have in common is built once. Nobody debugs them.
fn cargo(run: &LayerRun) -> Command {
    let mut cargo = run.cargo_command();
    cargo.env("CARGO_TARGET_DIR", target(run)).env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo
}

fn target(run: &LayerRun) -> PathBuf {
    run.checkout.output().join("outside")
}

/// Each example is built and its tests run.
pub(crate) fn examples(run: &LayerRun) -> Result<(), StepError> {
    for example in EXAMPLES {
        let manifest = run.checkout.root().join("examples").join(example).join("Cargo.toml");
        run.run(cargo(run).arg("test").arg("--manifest-path").arg(manifest))?;
    }
    Ok(())
}

/// Each published crate is packed, and built from what was packed alone; then a plugin is built and tested with the
/// packed crates in the place of a registry.
pub(crate) fn package(run: &LayerRun) -> Result<(), StepError> {
    forget_packed(run)?;
    // What is not committed yet is tested too.
    run.run(cargo(run).args(["package", "--workspace", "--allow-dirty"]))?;
    let folder = run.checkout.output().join("packaged");
    let file = |path: &Path| {
        let path = path.to_path_buf();
        move |source| StepError::File { path, source }
    };
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(file(&folder))?;
    }
    fs::create_dir_all(&folder).map_err(file(&folder))?;
    let mut patches = String::new();
    for name in FOR_PLUGINS {
        let packed = format!("{name}-{}", env!("CARGO_PKG_VERSION"));
        let archive = target(run).join("package").join(format!("{packed}.crate"));
        run.run(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(&folder))?;
        let unpacked = folder.join(&packed);
        let license = unpacked.join("LICENSE");
        fs::metadata(&license).map_err(file(&license))?;
        patches += &format!("{name} = {{ path = {:?} }}\n", unpacked.display().to_string());
    }
    let example = run.checkout.root().join("examples/out-of-tree-plugin");
    let copy = folder.join("out-of-tree-plugin");
    for part in ["src", "tests"] {
        copy_folder(&example.join(part), &copy.join(part)).map_err(file(&example))?;
    }
    let path = example.join("Cargo.toml");
    let manifest = fs::read_to_string(&path).map_err(file(&path))?;
    let manifest = with_packaged(&manifest, &patches).ok_or_else(|| {
        StepError::Found(format!("{}: no line {FROM_BESIDE} to put the packaged crates in", path.display()))
    })?;
    let path = copy.join("Cargo.toml");
    fs::write(&path, manifest).map_err(file(&path))?;
    // The same versions of everything else as in the repository.
    let lock = example.join("Cargo.lock");
    fs::copy(&lock, copy.join("Cargo.lock")).map_err(file(&lock))?;
    run.run(cargo(run).arg("test").arg("--manifest-path").arg(path))
}

/// Forgets what cargo keeps of crates that were packed before. Cargo takes a version of a crate that it has unpacked or built
/// once for the same for ever, and the crates change here while their version stands.
fn forget_packed(run: &LayerRun) -> Result<(), StepError> {
    // A registry without a host is a folder, as the one is that cargo makes of the packed crates.
    for registry in folders(&cargo_home().join("registry/src"))? {
        if name_of(&registry).starts_with('-') {
            remove_own(&registry)?;
        }
    }
    remove_own(&target(run).join("debug/.fingerprint"))
}

/// Where cargo keeps its caches (<https://doc.rust-lang.org/cargo/guide/cargo-home.html>).
fn cargo_home() -> PathBuf {
    match env::var_os("CARGO_HOME") {
        Some(home) => home.into(),
        None => env::home_dir().unwrap_or_default().join(".cargo"),
    }
}

/// Removes the folders of the workspace's crates.
fn remove_own(parent: &Path) -> Result<(), StepError> {
    for folder in folders(parent)? {
        if is_own(name_of(&folder)) {
            fs::remove_dir_all(&folder).map_err(|source| StepError::File { path: folder, source })?;
        }
    }
    Ok(())
}

fn is_own(folder: &str) -> bool {
    folder.starts_with("heat-") || folder.starts_with("xtask-")
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The folders in a folder, none if it does not exist.
fn folders(parent: &Path) -> Result<Vec<PathBuf>, StepError> {
    let error = |source| StepError::File { path: parent.to_path_buf(), source };
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(error(source)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(error)?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    Ok(found)
}

/// The manifest with other places for the crates.
fn with_packaged(manifest: &str, patches: &str) -> Option<String> {
    let (own, _) = manifest.split_once(&format!("\n{FROM_BESIDE}\n"))?;
    Some(format!("{own}\n{FROM_BESIDE}\n{patches}"))
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_workspaces_own_crates_are_forgotten() {
        let parent = env::temp_dir().join(format!("heat-forgotten-{}", std::process::id()));
        for name in ["heat-engine-0.1.0", "xtask-python-0.1.0", "serde-1.0.0"] {
            fs::create_dir_all(parent.join(name).join("src")).unwrap();
        }
        remove_own(&parent).unwrap();
        let left = folders(&parent).unwrap();
        fs::remove_dir_all(&parent).unwrap();
        assert_eq!(left, [parent.join("serde-1.0.0")]);
        assert!(folders(&parent).unwrap().is_empty(), "a cache that is not there is empty");
    }

    #[test]
    fn the_packaged_crates_take_the_place_of_those_beside() {
        let manifest = "[dependencies]\na = \"1\"\n\n# Why.\n[patch.crates-io]\na = { path = \"../a\" }\n";
        let packaged = with_packaged(manifest, "a = { path = \"/p/a-1\" }\n").unwrap();
        assert_eq!(
            packaged,
            "[dependencies]\na = \"1\"\n\n# Why.\n[patch.crates-io]\na = { path = \"/p/a-1\" }\n"
        );
        assert_eq!(with_packaged("[dependencies]\n", ""), None);
    }
}
