//! The checkout that the commands work on: where it is and where its build output goes.

use std::path::{Path, PathBuf};

/// A checkout of this project.
#[derive(Debug, Clone)]
pub(crate) struct Checkout {
    root: PathBuf,
    target: PathBuf,
}

impl Checkout {
    /// The checkout that this program was built from. `CARGO_TARGET_DIR` is respected.
    pub(crate) fn current() -> Self {
        let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().map_or_else(|| manifest.clone(), Path::to_path_buf);
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |target| root.join(target));
        Self { root, target }
    }

    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that `cargo doc` writes to.
    pub(crate) fn documentation(&self) -> PathBuf {
        self.target.join("doc")
    }

    /// A program of the workspace, as `cargo build` makes it.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name).with_extension(std::env::consts::EXE_EXTENSION)
    }

    /// The folder for what these commands write: logs, and build output that is not the workspace's own.
    pub(crate) fn output(&self) -> PathBuf {
        self.target.join("xtask")
    }
}
