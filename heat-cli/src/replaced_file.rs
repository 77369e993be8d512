//! Files that get another text, as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Puts a text into a file. Where that fails half-way, on a full disk, the file is what it was, or is not there.
///
/// The text is written beside the file and takes its place, with the rights that it had. What is no regular file (a terminal, a
/// pipe) is written to; so is a file in a folder in which nothing may be made.
///
/// # Errors
/// It cannot be written.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    // Behind a link it is the file that is meant.
    let path = match fs::canonicalize(path) {
        Ok(path) => path,
        Err(error) if error.kind() == ErrorKind::NotFound => return make(path, text),
        Err(error) => return Err(error),
    };
    // What must not be written must not be replaced either, whatever the folder allows.
    let mut file = OpenOptions::new().write(true).open(&path)?;
    let old = file.metadata()?;
    if !old.is_file() {
        return file.write_all(text.as_bytes());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = match tempfile::NamedTempFile::new_in(folder) {
        Ok(beside) => beside,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            file.set_len(0)?;
            return file.write_all(text.as_bytes());
        }
        Err(error) => return Err(error),
    };
    beside.write_all(text.as_bytes())?;
    beside.as_file().set_permissions(old.permissions())?;
    beside.as_file().sync_all()?;
    beside.persist(&path)?;
    Ok(())
}

/// Makes a file; nothing is left of one that cannot be made whole.
fn make(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Nothing more can be done about it.
        let _ = fs::remove_file(path);
    }
    written
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;

    #[test]
    fn the_whole_text_takes_the_place_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        replace(&path, "one").unwrap();
        replace(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies beside it");
    }

    #[cfg(unix)]
    #[test]
    fn links_rights_and_what_must_not_be_written_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.sh"), folder.path().join("link"));
        fs::write(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        symlink(&path, &link).unwrap();
        replace(&link, "two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o750);
        replace(Path::new("/dev/null"), "three").unwrap();
        // A disk that is always full.
        assert!(replace(Path::new("/dev/full"), "four").is_err());
        assert!(replace(folder.path(), "five").is_err());
    }
}
