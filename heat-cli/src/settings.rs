//! Where things are kept: the store, the key file, the state of the simulated cloud.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where stacks are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreLocation {
    /// In memory: gone with the process.
    Memory,
    /// In a file.
    Sqlite(PathBuf),
    /// In a PostgreSQL database.
    Postgres(DatabaseUrl),
}

/// The URL of a database. It may hold a password, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL, for the store alone.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl")
    }
}

impl FromStr for StoreLocation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(DatabaseUrl(text.to_owned())));
        }
        match text.strip_prefix("sqlite:") {
            Some("") => Err("sqlite: needs a path behind it".to_owned()),
            // `sqlite:///abs/path`, as other programs write it.
            Some(path) => Ok(Self::Sqlite(PathBuf::from(
                path.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(path),
            ))),
            // A URL may hold a password and is not repeated.
            None if text.is_empty() || text.contains("://") => {
                Err("a store is memory, sqlite:PATH or postgres://…".to_owned())
            }
            None => Err(format!(
                "a store is memory, sqlite:PATH or postgres://…; a file is named so: sqlite:{text}"
            )),
        }
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("a PostgreSQL database"),
        }
    }
}

impl StoreLocation {
    /// Where the simulated cloud that belongs to the store keeps its state; `None`: nowhere.
    pub(crate) fn simulated_state(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite(path) => {
                let mut name = path.clone().into_os_string();
                name.push(".simulated-cloud");
                Some(PathBuf::from(name))
            }
            Self::Memory | Self::Postgres(_) => None,
        }
    }
}

/// The paths that hold where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DefaultPaths {
    /// The SQLite store.
    pub(crate) store: PathBuf,
    /// The key file; apart from the store, so that a copy of the one does not hold the other.
    pub(crate) key_file: PathBuf,
    /// The folder of global environments.
    pub(crate) environments: PathBuf,
}

/// The default paths for a process environment; `None` where it names no home.
///
/// The XDG base directories everywhere but on macOS and Windows, which have their own.
pub(crate) fn default_paths(variable: impl Fn(&str) -> Option<OsString>) -> Option<DefaultPaths> {
    let directory = |name: &str| {
        let path = PathBuf::from(variable(name).filter(|value| !value.is_empty())?);
        // A relative path in these variables is to be ignored, says their specification.
        path.is_absolute().then_some(path)
    };
    let home = directory("HOME").or_else(|| directory("USERPROFILE"));
    let below = |path: &str| home.as_deref().map(|home| home.join(path));
    let (data, configuration) = if cfg!(target_os = "macos") {
        let library = below("Library/Application Support");
        (directory("XDG_DATA_HOME").or(library), directory("XDG_CONFIG_HOME").or_else(|| below(".config")))
    } else if cfg!(windows) {
        (directory("LOCALAPPDATA"), directory("APPDATA"))
    } else {
        (
            directory("XDG_DATA_HOME").or_else(|| below(".local/share")),
            directory("XDG_CONFIG_HOME").or_else(|| below(".config")),
        )
    };
    let configuration = configuration?.join("heat");
    Some(DefaultPaths {
        store: data?.join("heat/heat.db"),
        key_file: configuration.join("heat.key"),
        environments: configuration.join("environment.d"),
    })
}

/// Makes the folder that a file is to lie in, readable by its owner only.
pub(crate) fn make_folder_of(file: &Path) -> std::io::Result<()> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_are_named_as_urls() {
        assert_eq!("memory".parse(), Ok(StoreLocation::Memory));
        assert_eq!("sqlite:a/b.db".parse(), Ok(StoreLocation::Sqlite("a/b.db".into())));
        assert_eq!("sqlite:///a/b.db".parse(), Ok(StoreLocation::Sqlite("/a/b.db".into())));
        let database: StoreLocation = "postgres://u:hunter2@h/d".parse().unwrap();
        let StoreLocation::Postgres(url) = &database else { panic!("{database:?}") };
        assert_eq!(url.as_str(), "postgres://u:hunter2@h/d");
        assert!(!format!("{database:?} {database}").contains("hunter2"));
        for wrong in ["", "sqlite:", "mysql://x", "heat.db"] {
            assert!(wrong.parse::<StoreLocation>().is_err(), "{wrong}");
        }
        let path = "/var/heat.db".parse::<StoreLocation>().unwrap_err();
        assert!(path.contains("sqlite:/var/heat.db"), "{path}");
        let url = "mysql://u:hunter2@h".parse::<StoreLocation>().unwrap_err();
        assert!(!url.contains("hunter2"), "{url}");
    }

    #[test]
    fn the_simulated_cloud_lives_as_long_as_its_store() {
        let store = StoreLocation::Sqlite("/d/heat.db".into());
        assert_eq!(store.simulated_state(), Some("/d/heat.db.simulated-cloud".into()));
        assert_eq!(StoreLocation::Memory.simulated_state(), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn keys_and_store_lie_apart() {
        let paths = default_paths(|name| (name == "HOME").then(|| "/home/ada".into())).unwrap();
        assert_eq!(paths.store, Path::new("/home/ada/.local/share/heat/heat.db"));
        assert_eq!(paths.key_file, Path::new("/home/ada/.config/heat/heat.key"));
        let paths = default_paths(|name| match name {
            "HOME" => Some("/home/ada".into()),
            "XDG_DATA_HOME" => Some("/data".into()),
            "XDG_CONFIG_HOME" => Some("relative".into()),
            _ => None,
        })
        .unwrap();
        assert_eq!(paths.store, Path::new("/data/heat/heat.db"));
        assert_eq!(
            paths.key_file,
            Path::new("/home/ada/.config/heat/heat.key"),
            "a relative path is ignored"
        );
        assert_eq!(default_paths(|_| None), None);
    }
}
