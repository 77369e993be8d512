//! Which engines are alive: each holds a lock on a file of its own beside the database for as long as its process lives.
//!
//! The operating system gives the lock back at the very moment at which the process ends, however it ends, so a stack that
//! a killed engine held can be taken over at once, without a lease that has to run out. This needs a local file system.

use crate::store::StoreError;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The lock of this engine. Gives it back when dropped.
#[derive(Debug)]
pub(super) struct EngineLock {
    id: String,
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl EngineLock {
    /// Makes and locks a file for a new engine, and removes those of engines that are gone.
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let failed = |error: io::Error| StoreError::Unavailable {
            store: database.display().to_string(),
            doing: "taking the lock of this engine beside it".into(),
            reason: error.to_string(),
        };
        remove_abandoned(database);
        let id = Uuid::new_v4().simple().to_string();
        let path = path_of(database, &id);
        // It gets its name only when it is locked: under that name an unlocked file means that its engine is gone.
        let draft = beside(database, &format!("-starting-{id}"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft).map_err(failed)?;
        let taken = file
            .lock()
            .and_then(|()| write!(file, "process {}", std::process::id()))
            .and_then(|()| fs::rename(&draft, &path));
        if let Err(error) = taken {
            let _ = fs::remove_file(&draft);
            return Err(failed(error));
        }
        Ok(Self { id, path, _file: file })
    }

    /// Names this engine.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for EngineLock {
    fn drop(&mut self) {
        // Still locked, so nobody takes it for abandoned meanwhile.
        let _ = fs::remove_file(&self.path);
    }
}

/// Who the engine is, in words for people, if it is alive.
pub(super) fn living(database: &Path, engine: &str) -> Option<String> {
    let path = path_of(database, engine);
    is_locked(&path).then(|| match fs::read_to_string(&path) {
        Ok(words) if !words.is_empty() => words,
        _ => format!("engine {engine}"),
    })
}

fn is_locked(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock) => true,
            // Where it cannot be told, nothing is taken away from anybody.
            Err(TryLockError::Error(_)) => true,
        },
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn remove_abandoned(database: &Path) {
    let prefix = file_name(database, "-engine-");
    let directory = database.parent().unwrap_or(Path::new("."));
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes());
        if ours && !is_locked(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn path_of(database: &Path, engine: &str) -> PathBuf {
    beside(database, &format!("-engine-{engine}"))
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    database.with_file_name(file_name(database, suffix))
}

fn file_name(database: &Path, suffix: &str) -> OsString {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_lives_as_long_as_its_lock() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("heat.db");
        let lock = EngineLock::take(&database).unwrap();
        let other = EngineLock::take(&database).unwrap();
        assert_eq!(living(&database, lock.id()).unwrap(), format!("process {}", std::process::id()));
        assert_eq!(living(&database, "never-was"), None);
        let id = lock.id().to_owned();
        drop(lock);
        assert_eq!(living(&database, &id), None);
        assert!(living(&database, other.id()).is_some());
    }

    #[test]
    fn files_of_killed_engines_are_cleared_away() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("heat.db");
        fs::write(path_of(&database, "killed"), "process 1").unwrap();
        assert_eq!(living(&database, "killed"), None);
        let lock = EngineLock::take(&database).unwrap();
        assert!(!path_of(&database, "killed").exists());
        assert!(path_of(&database, lock.id()).exists());
    }
}
