//! The layer that shows that heat-template needs nothing of an operating system: it is built for WebAssembly, or where the
//! target's standard library is not installed, what it was compiled to on this machine is searched.
//!
//! The search looks at the object code of heat-template and of everything that it depends on, for functions of the standard
//! library's `fs`, `net`, `process`, `thread`, `env` and clocks, and for the C functions below those. It sees what the
//! compiler put there: what is generic and used by nobody is not among it, and it is the code for this machine. That it sees
//! such functions where they are shows a crate that uses all of them, which is searched first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::step::{LayerRun, StepError};

const PACKAGE: &str = "heat-template";
const TARGET: &str = "wasm32-unknown-unknown";

/// Without and with what is optional.
const FEATURES: [&[&str]; 2] = [&[], &["--all-features"]];

/// What names begin with that are in a module of the standard library, with what a message calls them.
const REACHED: [(&str, &str); 8] = [
    ("std::fs::", "std::fs"),
    ("std::net::", "std::net"),
    ("std::process::", "std::process"),
    ("std::thread::", "std::thread"),
    ("std::env::", "std::env"),
    ("std::time::Instant>::now", "std::time::Instant::now"),
    ("std::time::SystemTime>::now", "std::time::SystemTime::now"),
    ("std::io::stdio::", "std::io::stdio"),
];

/// What is in those modules and is no use of an operating system: values of threads, which WebAssembly has, too.
const HARMLESS: [&str; 1] = ["std::thread::local"];

/// C functions that do the same.
const C_FUNCTIONS: [&str; 22] = [
    "open",
    "open64",
    "fopen",
    "read",
    "write",
    "printf",
    "puts",
    "socket",
    "connect",
    "fork",
    "execve",
    "system",
    "pthread_create",
    "getenv",
    "setenv",
    "time",
    "gettimeofday",
    "clock_gettime",
    "nanosleep",
    "sleep",
    "getrandom",
    "syscall",
];

/// What crates of others do all the same: the crate, the function, and why it does not matter.
const KNOWN: [(&str, &str, &str); 2] = [
    (
        "regex-automata ",
        "std::thread::functions::available_parallelism",
        "for how many threads its caches are made; where nobody can tell, as on WebAssembly, for one",
    ),
    ("fancy-regex ", "std::io::stdio::_print", "tells its steps under an option that only its own tests set"),
];

/// A crate that uses all that [`REACHED`] looks for.
const GUILTY: &str = "
pub fn guilty() -> usize {
    let read = std::fs::read(\"a\").map_or(0, |text| text.len());
    let bound = std::net::TcpListener::bind(\"127.0.0.1:0\").is_ok();
    let thread = std::thread::spawn(|| 1).join().is_ok();
    let variable = std::env::var_os(\"A\").is_some();
    let passed = std::time::Instant::now().elapsed().as_nanos() as usize;
    let known = std::time::SystemTime::now() > std::time::UNIX_EPOCH;
    println!(\"{read}\");
    if bound && thread && variable && known { std::process::exit(1) }
    read + passed
}
";

/// Builds for WebAssembly, or searches.
pub(crate) fn layer(run: &LayerRun) -> Result<(), StepError> {
    if has_target(run) {
        for features in FEATURES {
            let mut cargo = run.cargo_command();
            run.run(cargo.args(["build", "--package", PACKAGE, "--target", TARGET]).args(features))?;
        }
        return Ok(());
    }
    run.note(&format!("{TARGET} is not installed: the object code for this machine is searched"));
    let guilty = guilty(run)?;
    let seen = reached(&symbols(&guilty)?);
    if let Some((_, what)) = REACHED.iter().find(|(_, what)| !seen.contains_key(what)) {
        return Err(StepError::Found(format!("the search does not see {what} in a crate that uses it")));
    }
    for features in FEATURES {
        search(run, features)?;
    }
    Ok(())
}

/// Whether the standard library is there for the target.
fn has_target(run: &LayerRun) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(run.checkout.root()).args(["--print", "target-libdir", "--target", TARGET]);
    let folder = rustc.output().ok().filter(|output| output.status.success());
    folder.is_some_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// Compiles [`GUILTY`].
fn guilty(run: &LayerRun) -> Result<PathBuf, StepError> {
    let folder = run.checkout.output().join("wasm");
    let (source, library) = (folder.join("guilty.rs"), folder.join("libguilty.rlib"));
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&source, GUILTY))
        .map_err(|error| StepError::File { path: source.clone(), source: error })?;
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "--crate-type", "rlib", "-o"]).arg(&library).arg(&source);
    run.run(&mut rustc)?;
    Ok(library)
}

/// Builds the package and searches what it and its dependencies were compiled to.
fn search(run: &LayerRun, features: &[&str]) -> Result<(), StepError> {
    let packages = dependencies(run, features)?;
    let mut cargo = run.cargo_command();
    cargo.args(["build", "--package", PACKAGE, "--message-format", "json"]).args(features);
    let told = output(&mut cargo)?;
    let mut missing = packages.clone();
    let (mut found, mut met) = (Vec::new(), BTreeSet::new());
    for message in told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let package = message["package_id"].as_str().and_then(built_package);
        let Some(package) = package.filter(|package| packages.contains(package)) else { continue };
        let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for library in files.filter(|file| file.ends_with(".rlib")) {
            missing.remove(&package);
            for (what, names) in reached(&symbols(Path::new(library))?) {
                for name in names {
                    let known =
                        KNOWN.iter().position(|(of, known, _)| package.starts_with(of) && name == *known);
                    match known {
                        Some(at) => drop(met.insert(at)),
                        None => found.push(format!("{package} reaches {what}: {name}")),
                    }
                }
            }
        }
    }
    found.extend((0..KNOWN.len()).filter(|at| !met.contains(at)).map(|at| {
        let (package, name, _) = KNOWN[at];
        format!("{package}does not reach {name} any more: it does not belong in the list KNOWN")
    }));
    if !missing.is_empty() {
        return Err(StepError::Found(format!("not compiled, so not searched: {missing:?}")));
    }
    if !found.is_empty() {
        return Err(StepError::Found(found.join("\n")));
    }
    let with = if features.is_empty() { "" } else { " with all features" };
    run.note(&format!(
        "{PACKAGE}{with}: the {} crates of it use neither I/O, clock nor threads",
        packages.len()
    ));
    for (package, name, why) in KNOWN {
        run.note(&format!("  but {package}{name}: {why}"));
    }
    Ok(())
}

/// The package and what it depends on when it runs, as `name version`: neither macros nor build scripts, and only what the
/// target takes.
fn dependencies(run: &LayerRun, features: &[&str]) -> Result<BTreeSet<String>, StepError> {
    let mut cargo = run.cargo_command();
    cargo.args(["tree", "--package", PACKAGE, "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    let listed = output(cargo.args(["--target", TARGET]).args(features))?;
    Ok(listed.lines().filter_map(listed_package).collect())
}

/// `name v1.2.3 (more)` as `name 1.2.3`.
fn listed_package(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    Some(format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?))
}

/// `registry+URL#name@1.2.3`, or `path+URL/name#1.2.3` where the folder is called as the package, as `name 1.2.3`.
fn built_package(id: &str) -> Option<String> {
    let (place, name) = id.rsplit_once('#')?;
    match name.split_once('@') {
        Some((name, version)) => Some(format!("{name} {version}")),
        None => Some(format!("{} {name}", place.rsplit('/').next()?)),
    }
}

/// The names in a library, as `readelf` lists them. (`nm` would take LLVM's own code beside it for all there is.)
fn symbols(library: &Path) -> Result<String, StepError> {
    // The metadata of the compiler is no object code, which `readelf` says on its other output.
    output(Command::new("readelf").args(["--syms", "--wide"]).arg(library))
}

/// What is used, each with the names that show it.
fn reached(symbols: &str) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut found: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for line in symbols.lines() {
        let mut words = line.split_whitespace().rev();
        let Some(name) = words.next() else { continue };
        let path = format!("{:#}", rustc_demangle::demangle(name));
        let harmless = HARMLESS.iter().any(|part| path.contains(part));
        for (_, what) in REACHED.iter().filter(|(part, _)| !harmless && path.contains(part)) {
            found.entry(what).or_default().insert(path.clone());
        }
        let undefined = words.next() == Some("UND");
        for what in C_FUNCTIONS.iter().filter(|what| undefined && name == **what) {
            found.entry(what).or_default().insert(name.to_owned());
        }
    }
    found
}

/// The standard output of a command that succeeds.
fn output(command: &mut Command) -> Result<String, StepError> {
    let text = format!("{command:?}");
    let output = command.output().map_err(|source| StepError::Start { command: text.clone(), source })?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(StepError::Found(format!("{text} {}: {why}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_ways_of_mangling_are_seen() {
        let symbols = "
    30: 0000000000000000     0 NOTYPE  GLOBAL DEFAULT  UND _ZN3std2fs4read5inner17h0123456789abcdefE
    31: 0000000000000000    42 FUNC    LOCAL  DEFAULT   15 _RNvNtCsaBcD_3std6thread5spawn
    32: 0000000000000000     0 NOTYPE  GLOBAL DEFAULT  UND _RNvMNtCsjrHSEGnQ3l9_3std4timeNtB2_7Instant3now
    33: 0000000000000000     0 NOTYPE  GLOBAL DEFAULT  UND _ZN3std6thread5local18panic_access_error17h0123456789abcdefE
    34: 0000000000000000     0 NOTYPE  GLOBAL DEFAULT  UND _ZN4core3fmt5write17h0123456789abcdefE
    35: 0000000000000000     0 NOTYPE  GLOBAL DEFAULT  UND getenv
    36: 0000000000000000     0 NOTYPE  GLOBAL DEFAULT  UND memcpy
    37: 0000000000000000    42 FUNC    GLOBAL DEFAULT   15 open
";
        let found: Vec<_> = reached(symbols).into_keys().collect();
        assert_eq!(found, ["getenv", "std::fs", "std::thread", "std::time::Instant::now"]);
    }

    #[test]
    fn packages_have_one_name_wherever_they_are_told() {
        let name = Some("regex-syntax 0.8.12".to_owned());
        assert_eq!(listed_package("regex-syntax v0.8.12 (*)"), name);
        assert_eq!(built_package("registry+https://a.b/index#regex-syntax@0.8.12"), name);
        let name = Some("heat-template 0.1.0".to_owned());
        assert_eq!(listed_package("heat-template v0.1.0 (/heat/heat-template)"), name);
        assert_eq!(built_package("path+file:///heat/heat-template#0.1.0"), name);
        assert_eq!(built_package("path+file:///heat/language#heat-template@0.1.0"), name);
    }
}
