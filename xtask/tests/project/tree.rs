//! The files of this project, without what is built or hidden.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// All files with one of these extensions, as paths from the root, sorted.
pub(crate) fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, extensions, &mut found);
    let mut files: Vec<_> = found
        .into_iter()
        .map(|path| path.strip_prefix(&root).expect("below the root").to_path_buf())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no file ends in {extensions:?} below {}", root.display());
    files
}

/// The text of a file, given by its path from the root.
pub(crate) fn text(file: &Path) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "target" || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            collect(&path, extensions, found);
        } else if path.extension().is_some_and(|end| extensions.iter().any(|&extension| end == extension)) {
            found.push(path);
        }
    }
}
