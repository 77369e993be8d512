//! `clouds.yaml` with its companions `secure.yaml` and `clouds-public.yaml`, and the `OS_*` variables: which cloud is
//! meant, and its settings. Functions over text and pairs; [`CloudsFiles::locate`] is the only part that looks at the
//! disk, and nothing looks at the process environment unless it is handed in.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::cloud::Cloud;
use super::error::{Error, Result};

/// The texts that settings are read from.
#[derive(Clone, Default)]
pub struct CloudsFiles {
    /// `clouds.yaml`: the clouds by name.
    pub clouds: Option<String>,
    /// `secure.yaml`: merged over `clouds.yaml`, for passwords kept apart.
    pub secure: Option<String>,
    /// `clouds-public.yaml`: profiles that entries build on with `profile: NAME`.
    pub public: Option<String>,
}

impl std::fmt::Debug for CloudsFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CloudsFiles")
            .field("clouds", &self.clouds.is_some())
            .field("secure", &self.secure.is_some())
            .field("public", &self.public.is_some())
            .finish()
    }
}

impl CloudsFiles {
    /// Reads the files from where openstacksdk looks for them: the paths that the variables
    /// `OS_CLIENT_CONFIG_FILE`, `OS_CLIENT_SECURE_FILE` and `OS_CLIENT_VENDOR_FILE` name, else the working
    /// directory, `~/.config/openstack`, and `/etc/openstack`; the suffix may be `.yaml`, `.yml` or `.json`.
    ///
    /// # Errors
    /// When a file that is there cannot be read.
    pub fn locate<K, V>(environment: impl IntoIterator<Item = (K, V)>) -> Result<Self>
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let ([clouds, secure, public], directories) = places(environment);
        Ok(Self {
            clouds: read_first(clouds, &directories, "clouds")?,
            secure: read_first(secure, &directories, "secure")?,
            public: read_first(public, &directories, "clouds-public")?,
        })
    }

    /// The path of the `clouds.yaml` that [`locate`](Self::locate) reads, to tell people where to look; `None` where there is
    /// none.
    pub fn path_of_clouds<K, V>(environment: impl IntoIterator<Item = (K, V)>) -> Option<PathBuf>
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let ([clouds, _, _], directories) = places(environment);
        candidates(clouds, &directories, "clouds").into_iter().find(|path| path.exists())
    }

    /// The names of the clouds, in the file's order.
    ///
    /// # Errors
    /// When a text is not what such a file holds.
    pub fn names(&self) -> Result<Vec<String>> {
        Ok(self.entries()?.keys().cloned().collect())
    }

    /// The cloud of that name.
    ///
    /// # Errors
    /// When there is no such cloud (the message lists those there are), or its entry is not usable.
    pub fn cloud(&self, name: &str) -> Result<Cloud> {
        Cloud::from_settings(name, &self.settings(name)?)
    }

    /// The settings of the cloud of that name, with its profile and its secrets merged in: what
    /// [`Cloud::from_settings`] reads, and what the plugin takes as credentials. They hold passwords in clear.
    ///
    /// # Errors
    /// When there is no such cloud (the message lists those there are).
    pub fn settings(&self, name: &str) -> Result<Map<String, Value>> {
        let clouds = self.entries()?;
        let entry = clouds.get(name).ok_or_else(|| {
            let known: Vec<&str> = clouds.keys().map(String::as_str).collect();
            Error::configuration(if known.is_empty() {
                format!("cloud {name:?} is not known: no clouds.yaml was found, or it has no clouds")
            } else {
                format!("cloud {name:?} is not in clouds.yaml; it has: {}", known.join(", "))
            })
        })?;
        let Value::Object(entry) = entry else {
            return Err(Error::configuration(format!("cloud {name:?}: its entry is not a mapping")));
        };
        let mut settings = Map::new();
        if let Some(profile) = entry.get("profile").or_else(|| entry.get("cloud")) {
            let profile = profile.as_str().unwrap_or_default();
            let public = section(self.public.as_deref(), "clouds-public.yaml", "public-clouds")?;
            let Some(Value::Object(base)) = public.get(profile) else {
                return Err(Error::configuration(format!(
                    "cloud {name:?}: profile {profile:?} is not in clouds-public.yaml (profiles built into other \
                     tools are not known here; copy its settings into the entry)"
                )));
            };
            merge(&mut settings, base);
        }
        merge(&mut settings, entry);
        Ok(settings)
    }

    fn entries(&self) -> Result<Map<String, Value>> {
        let mut clouds = section(self.clouds.as_deref(), "clouds.yaml", "clouds")?;
        merge(&mut clouds, &section(self.secure.as_deref(), "secure.yaml", "clouds")?);
        Ok(clouds)
    }
}

/// The cloud that the user means: the name given, else `OS_CLOUD`, else the one that the `OS_*` variables describe,
/// else the only cloud in the file, or the one called `openstack`.
///
/// # Errors
/// When nothing names a cloud, or the cloud's settings are not usable.
pub fn choose_cloud<K, V>(
    name: Option<&str>,
    files: &CloudsFiles,
    environment: impl IntoIterator<Item = (K, V)>,
) -> Result<Cloud>
where
    K: AsRef<str>,
    V: AsRef<str>,
{
    let (name, settings) = choose_settings(name, files, environment)?;
    Cloud::from_settings(&name, &settings)
}

/// As [`choose_cloud`], but the name and the settings themselves, which hold passwords in clear.
///
/// # Errors
/// When nothing names a cloud, or there is none of that name.
pub fn choose_settings<K, V>(
    name: Option<&str>,
    files: &CloudsFiles,
    environment: impl IntoIterator<Item = (K, V)>,
) -> Result<(String, Map<String, Value>)>
where
    K: AsRef<str>,
    V: AsRef<str>,
{
    let named = |name: &str| Ok((name.to_owned(), files.settings(name)?));
    let variables = environment_settings(environment);
    let from_variable = variables.get("cloud").and_then(Value::as_str).filter(|name| !name.is_empty());
    if let Some(name) = name.or(from_variable) {
        return named(name);
    }
    if variables.contains_key("auth_url") {
        return Ok(("envvars".to_owned(), variables));
    }
    let names = files.names()?;
    match names.as_slice() {
        [only] => named(only),
        _ if names.iter().any(|name| name == "openstack") => named("openstack"),
        [] => Err(Error::configuration(
            "no cloud is given: name one of clouds.yaml (OS_CLOUD), or set OS_AUTH_URL and its companions",
        )),
        _ => Err(Error::configuration(format!("no cloud is named; clouds.yaml has: {}", names.join(", ")))),
    }
}

/// The settings in `OS_*` variables, in the form of a `clouds.yaml` entry: `OS_AUTH_URL` becomes `auth_url`.
pub fn environment_settings<K, V>(environment: impl IntoIterator<Item = (K, V)>) -> Map<String, Value>
where
    K: AsRef<str>,
    V: AsRef<str>,
{
    environment
        .into_iter()
        .filter_map(|(key, value)| {
            let key = key.as_ref().strip_prefix("OS_")?.to_ascii_lowercase();
            let value = value.as_ref();
            (!value.is_empty()).then(|| (key, Value::from(value)))
        })
        .collect()
}

fn section(text: Option<&str>, file: &str, key: &str) -> Result<Map<String, Value>> {
    let Some(text) = text else { return Ok(Map::new()) };
    // The message of the parser may quote the text, which holds passwords: its place is enough.
    let document: Value = serde_yaml::from_str(text).map_err(|error| {
        let place = error.location().map(|at| format!(" at line {}, column {}", at.line(), at.column()));
        Error::configuration(format!("{file} is not valid YAML{}", place.unwrap_or_default()))
    })?;
    match document.get(key) {
        Some(Value::Object(clouds)) => Ok(clouds.clone()),
        None | Some(Value::Null) => Ok(Map::new()),
        Some(_) => Err(Error::configuration(format!("{file}: {key:?} is not a mapping of names to clouds"))),
    }
}

fn merge(base: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(value)) => merge(inner, value),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

fn search_directories(home: Option<&Path>) -> Vec<PathBuf> {
    let mut directories = vec![PathBuf::from(".")];
    directories.extend(home.map(|home| home.join(".config/openstack")));
    directories.push(PathBuf::from("/etc/openstack"));
    directories
}

/// What the variables name, and where the rest is looked for.
fn places<K, V>(environment: impl IntoIterator<Item = (K, V)>) -> ([Option<PathBuf>; 3], Vec<PathBuf>)
where
    K: AsRef<str>,
    V: AsRef<str>,
{
    let mut named = [None, None, None];
    let mut home = None;
    for (key, value) in environment {
        let slot = match key.as_ref() {
            "OS_CLIENT_CONFIG_FILE" => 0,
            "OS_CLIENT_SECURE_FILE" => 1,
            "OS_CLIENT_VENDOR_FILE" => 2,
            "HOME" => {
                home = Some(PathBuf::from(value.as_ref()));
                continue;
            }
            _ => continue,
        };
        if !value.as_ref().is_empty() {
            named[slot] = Some(PathBuf::from(value.as_ref()));
        }
    }
    (named, search_directories(home.as_deref()))
}

fn candidates(named: Option<PathBuf>, directories: &[PathBuf], stem: &str) -> Vec<PathBuf> {
    match named {
        Some(path) => vec![path],
        None => directories
            .iter()
            .flat_map(|directory| {
                ["yaml", "yml", "json"].map(|suffix| directory.join(format!("{stem}.{suffix}")))
            })
            .collect(),
    }
}

fn read_first(named: Option<PathBuf>, directories: &[PathBuf], stem: &str) -> Result<Option<String>> {
    for path in candidates(named, directories, stem) {
        match std::fs::read_to_string(&path) {
            Ok(text) => return Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Error::configuration(format!("cannot read {}: {error}", path.display())));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::super::auth::Credentials;
    use super::*;

    const CLOUDS: &str = "
clouds:
  dev:
    auth: {auth_url: 'http://h:5000', username: ada, project_name: web}
    region_name: one
  shared:
    profile: acme
    auth: {username: bob, password: pw}
";
    const SECURE: &str = "clouds: {dev: {auth: {password: hunter2}}}";
    const PUBLIC: &str = "public-clouds: {acme: {auth: {auth_url: 'http://acme'}, region_name: two}}";

    fn files() -> CloudsFiles {
        CloudsFiles { clouds: Some(CLOUDS.into()), secure: Some(SECURE.into()), public: Some(PUBLIC.into()) }
    }

    const NONE: [(&str, &str); 0] = [];

    #[test]
    fn the_path_that_is_told_is_the_one_that_is_named_if_it_is_there() {
        let named = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let told = |path| CloudsFiles::path_of_clouds([("OS_CLIENT_CONFIG_FILE", path)]);
        assert_eq!(told(named), Some(PathBuf::from(named)));
        assert_eq!(told(concat!(env!("CARGO_MANIFEST_DIR"), "/none.yaml")), None);
    }

    #[test]
    fn secrets_and_profiles_are_merged_into_the_entry() {
        let dev = files().cloud("dev").unwrap();
        assert!(matches!(&dev.auth.credentials,
            Credentials::Password { password, .. } if password.reveal() == "hunter2"));
        let shared = files().cloud("shared").unwrap();
        assert_eq!((shared.auth.url.as_str(), shared.region.as_deref()), ("http://acme", Some("two")));
    }

    #[test]
    fn the_cloud_is_chosen_by_name_then_variable_then_variables_then_the_only_one() {
        let name = |cloud: Result<Cloud>| cloud.map(|cloud| cloud.name);
        assert_eq!(name(choose_cloud(Some("dev"), &files(), [("OS_CLOUD", "shared")])).unwrap(), "dev");
        assert_eq!(name(choose_cloud(None, &files(), [("OS_CLOUD", "shared")])).unwrap(), "shared");
        let variables =
            [("OS_AUTH_URL", "http://e"), ("OS_TOKEN", "t"), ("HOME", "/root"), ("OS_USERNAME", "")];
        assert_eq!(name(choose_cloud(None, &files(), variables)).unwrap(), "envvars");
        let error = choose_cloud(None, &files(), NONE).unwrap_err();
        assert!(error.message().contains("dev, shared"), "{error}");
        let only = CloudsFiles {
            clouds: Some("clouds: {a: {auth: {auth_url: 'http://h', token: t}}}".into()),
            ..CloudsFiles::default()
        };
        assert_eq!(name(choose_cloud(None, &only, NONE)).unwrap(), "a");
    }

    #[test]
    fn an_unknown_cloud_is_answered_with_the_known_ones() {
        let error = files().cloud("prod").unwrap_err();
        assert!(error.message().contains("dev, shared"), "{error}");
    }

    #[test]
    fn neither_a_broken_file_nor_debug_shows_a_password() {
        let broken = CloudsFiles {
            clouds: Some("clouds: {a: hunter2 b: c: d}\n - hunter2".into()),
            ..CloudsFiles::default()
        };
        let error = broken.cloud("a").unwrap_err().to_string();
        assert!(error.contains("not valid YAML") && !error.contains("hunter2"), "{error}");
        assert!(!format!("{broken:?}").contains("hunter2"));
    }
}
