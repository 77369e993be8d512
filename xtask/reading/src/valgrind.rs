//! Instructions that a piece of work takes, as valgrind counts them: the same on a busy machine as on a quiet one.

use crate::work::Failure;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// Makes sure that valgrind is there; on Debian it is installed, which only root can do.
///
/// # Errors
///
/// What to do where it is not there and cannot be installed.
pub fn set_up() -> Result<(), Failure> {
    if is_there() {
        return Ok(());
    }
    let install = ["install", "--yes", "--no-install-recommends", "valgrind"];
    let installed = Command::new("apt-get").args(install).status().is_ok_and(|status| status.success());
    if installed && is_there() {
        return Ok(());
    }
    Err("instructions are counted by valgrind, which is not installed: on Debian and Ubuntu run this as root, or \
         `apt-get install valgrind` beforehand; else leave the layer `instructions` out"
        .into())
}

fn is_there() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// How many instructions a program takes from its start to its end.
///
/// # Errors
///
/// If it fails under valgrind, or valgrind does not tell.
pub fn instructions<A: AsRef<OsStr>>(program: &Path, arguments: &[A]) -> Result<u64, Failure> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    let output =
        command.arg(program).args(arguments).output().map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{command:?}: {}: {said}", output.status).into());
    }
    counted(&said)
        .ok_or_else(|| format!("valgrind does not tell how many instructions there were: {said}").into())
}

/// The number in `==123== I   refs:      1,234,567`.
fn counted(said: &str) -> Option<u64> {
    let (_, number) = said.lines().find_map(|line| line.split_once("refs:"))?;
    number.trim().replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_either_version_is_found() {
        assert_eq!(counted("==1== Cachegrind\n==1== \n==1== I   refs:      1,234,567\n"), Some(1_234_567));
        assert_eq!(counted("==1== I refs:        12,345\n"), Some(12_345));
        assert_eq!(counted("==1== nothing"), None);
    }
}
