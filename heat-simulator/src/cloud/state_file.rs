//! The state on disk: a snapshot followed by one line for each committed request.
//!
//! A line holds all changes of one request, so a request is on disk whole or not at all: a last line that was torn by a
//! crash is left out when the file is read. The cost of a request is the size of what it changed. Once the
//! lines have outgrown the snapshot, a new snapshot is written beside the file and renamed over it.

use super::kind::Kind;
use super::tables::{Change, Tables};
use super::{Fields, Object, hashes};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MARK: &str = "{\"heat_simulator_state\":1}";
const LEAST_BEFORE_SNAPSHOT: u64 = 1 << 20;

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateFileError {
    /// Another process has the file open.
    #[error("the state file {path} is in use by another simulator: stop that one, or give another file", path = .0.display())]
    InUse(PathBuf),
    /// The file is not a state file, or damaged before its last line.
    #[error("{path}, line {line}, is not a state of the simulator ({reason}): remove the file to begin with a fresh cloud", path = .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("cannot use the state file {path}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// An open, locked state file.
pub(crate) struct StateFile {
    path: PathBuf,
    file: File,
    /// Held for its lock.
    _lock: File,
    sync: bool,
    length: u64,
    snapshot: u64,
}

#[derive(Serialize, Deserialize, Default)]
struct Line {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    put: Vec<(String, Object)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<(String, String)>,
}

impl StateFile {
    /// Opens and locks the file and reads it into `tables`; `true` if it held a state.
    pub(crate) fn open(path: &Path, sync: bool, tables: &mut Tables) -> Result<(Self, bool), StateFileError> {
        let failed = |source| StateFileError::Io { path: path.to_owned(), source };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let lock = private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(beside(path, "lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateFileError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let mut text = Vec::new();
        match File::open(path) {
            Ok(mut file) => {
                file.read_to_end(&mut text).map_err(failed)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let found = read(path, &text, tables)?;
        tables.commit();
        let file = write_snapshot(path, sync, tables).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        Ok((Self { path: path.to_owned(), file, _lock: lock, sync, length, snapshot: length }, found))
    }

    /// Appends one request's changes. On an error nothing of them is in the file.
    pub(crate) fn append(&mut self, changes: &[Change<'_>]) -> io::Result<()> {
        let mut line = Line::default();
        for change in changes {
            match change.now {
                Some(object) => line.put.push((change.kind.name().to_owned(), sealed(object))),
                None => line.gone.push((change.kind.name().to_owned(), change.id.clone())),
            }
        }
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        let written =
            self.file.write_all(&text).and_then(|()| if self.sync { self.file.sync_data() } else { Ok(()) });
        if let Err(error) = written {
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::Start(self.length))?;
            return Err(error);
        }
        self.length += text.len() as u64;
        Ok(())
    }

    /// Writes a new snapshot where the appended lines have outgrown the last one.
    pub(crate) fn tidy(&mut self, tables: &Tables) -> io::Result<()> {
        if self.length > LEAST_BEFORE_SNAPSHOT + 2 * self.snapshot {
            self.snapshot_now(tables)?;
        }
        Ok(())
    }

    /// Writes a new snapshot.
    pub(crate) fn snapshot_now(&mut self, tables: &Tables) -> io::Result<()> {
        self.file = write_snapshot(&self.path, self.sync, tables)?;
        self.length = self.file.metadata()?.len();
        self.snapshot = self.length;
        Ok(())
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// Only the owner reads what clients put into their cloud.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// What a guest is given at boot may hold passwords: on disk only its digest is kept.
fn sealed(object: &Object) -> Object {
    let mut object = object.clone();
    for field in ["user_data", "_user_data"] {
        if let Some(Value::String(text)) = object.get(field) {
            let digest = format!("sha256:{}", hashes::sha256_hex(text.as_bytes()));
            object.set(field, digest);
        }
    }
    object
}

fn write_snapshot(path: &Path, sync: bool, tables: &Tables) -> io::Result<File> {
    let fresh = beside(path, "new");
    let mut out =
        BufWriter::new(private(OpenOptions::new().create(true).truncate(true).write(true)).open(&fresh)?);
    writeln!(out, "{MARK}")?;
    for kind in Kind::ALL {
        for object in tables.all(*kind) {
            let line = Line { put: vec![(kind.name().to_owned(), sealed(object))], gone: Vec::new() };
            serde_json::to_writer(&mut out, &line)?;
            out.write_all(b"\n")?;
        }
    }
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    if sync {
        file.sync_all()?;
    }
    std::fs::rename(&fresh, path)?;
    if sync && let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    Ok(file)
}

fn read(path: &Path, text: &[u8], tables: &mut Tables) -> Result<bool, StateFileError> {
    // What follows the last newline was torn by a crash before its answer was sent.
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut lines = text[..whole].split_inclusive(|byte| *byte == b'\n').enumerate();
    let damaged = |number: usize, reason: String| StateFileError::Damaged {
        path: path.to_owned(),
        line: number + 1,
        reason,
    };
    match lines.next() {
        None if text.is_empty() => return Ok(false),
        Some((_, first)) if first.trim_ascii() == MARK.as_bytes() => {}
        _ => return Err(damaged(0, "the first line is not a simulator's".to_owned())),
    }
    for (number, line) in lines {
        let line: Line = serde_json::from_slice(line).map_err(|error| damaged(number, error.to_string()))?;
        for (kind, object) in line.put {
            let kind = Kind::named(&kind).ok_or_else(|| damaged(number, format!("unknown kind {kind}")))?;
            tables.put(kind, object);
        }
        for (kind, id) in line.gone {
            let kind = Kind::named(&kind).ok_or_else(|| damaged(number, format!("unknown kind {kind}")))?;
            tables.remove(kind, &id);
        }
    }
    Ok(tables.all(Kind::Sequence).any(|row| row.text("id") == "sequence"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::document::object_of;
    use serde_json::json;

    fn network(id: &str) -> Object {
        object_of(json!({"id": id, "name": "n"}))
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_the_rest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let mut tables = Tables::default();
        let (mut file, found) = StateFile::open(&path, false, &mut tables).unwrap();
        assert!(!found);
        tables.put(Kind::Sequence, object_of(json!({"id": "sequence"})));
        tables.put(Kind::Network, network("a"));
        file.append(&tables.changes()).unwrap();
        tables.commit();
        tables.remove(Kind::Network, "a");
        tables.put(Kind::Network, network("b"));
        file.append(&tables.changes()).unwrap();
        drop(file);
        OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"{\"put\":[[\"network\",{\"id")
            .unwrap();
        let mut again = Tables::default();
        let (_file, found) = StateFile::open(&path, true, &mut again).unwrap();
        assert!(found);
        assert_eq!(again.all(Kind::Network).map(|n| n.text("id")).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn a_second_simulator_is_kept_out_and_foreign_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let _first = StateFile::open(&path, false, &mut Tables::default()).unwrap();
        let second = StateFile::open(&path, false, &mut Tables::default());
        assert!(matches!(second, Err(StateFileError::InUse(_))));
        let foreign = folder.path().join("foreign");
        std::fs::write(&foreign, "hello\n").unwrap();
        let refused = StateFile::open(&foreign, false, &mut Tables::default());
        assert!(matches!(refused, Err(StateFileError::Damaged { line: 1, .. })));
        assert_eq!(std::fs::read_to_string(&foreign).unwrap(), "hello\n");
    }

    #[test]
    fn user_data_is_not_on_disk_in_clear() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let mut tables = Tables::default();
        let (mut file, _) = StateFile::open(&path, false, &mut tables).unwrap();
        tables.put(Kind::Server, object_of(json!({"id": "s", "_user_data": "cGFzc3dvcmQ="})));
        file.append(&tables.changes()).unwrap();
        file.snapshot_now(&tables).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("cGFzc3dvcmQ=") && text.contains("sha256:"));
    }

    #[test]
    fn the_file_stays_in_proportion_to_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let mut tables = Tables::default();
        let (mut file, _) = StateFile::open(&path, false, &mut tables).unwrap();
        for n in 0..20_000 {
            tables.put(Kind::Network, object_of(json!({"id": "a", "name": "x".repeat(100), "n": n})));
            file.append(&tables.changes()).unwrap();
            tables.commit();
            file.tidy(&tables).unwrap();
        }
        assert!(std::fs::metadata(&path).unwrap().len() < 2 * LEAST_BEFORE_SNAPSHOT);
    }
}
