//! The layer of tests that need PostgreSQL. Each test starts a server of its own; what they start it from is made here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::{LayerRun, StepError};

/// Names the folder that the tests in `tests/postgres_*.rs` take programs and a fresh cluster from.
const VARIABLE: &str = "HEAT_TEST_POSTGRES";

/// The package that brings the server on Debian.
const PACKAGE: &str = "postgresql";

/// Whom the server runs as where the layer runs as root, which PostgreSQL refuses.
const ACCOUNT: &str = "postgres";

/// The oldest version that the store works with.
const OLDEST: u32 = 13;

/// Where Debian keeps the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Finds or installs PostgreSQL, makes a cluster, and runs the tests.
pub(crate) fn layer(run: &LayerRun) -> Result<(), StepError> {
    let programs = match programs() {
        Some(programs) => programs,
        None => {
            install(run)?;
            programs().ok_or_else(|| {
                StepError::Found(format!("the package {PACKAGE} brought no PostgreSQL {OLDEST} or newer"))
            })?
        }
    };
    // The server's account cannot enter a home directory, where the build output may be.
    let folder = std::env::temp_dir().join(format!("heat-postgresql-{}", std::process::id()));
    let tested = cluster(run, &programs, &folder).and_then(|()| tests(run, &folder));
    let removed = fs::remove_dir_all(&folder).map_err(|source| StepError::File { path: folder, source });
    tested.and(removed)
}

/// The folder of the newest programs of PostgreSQL on this machine.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| {
            Some((version.file_name().to_str()?.parse::<u32>().ok()?, version.path().join("bin")))
        })
        .filter(|(version, programs)| *version >= OLDEST && is_complete(programs))
        .max()
        .map(|(_, programs)| programs);
    newest.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| is_complete(folder))
    })
}

fn is_complete(programs: &Path) -> bool {
    ["initdb", "postgres", "psql", "pg_isready"].iter().all(|name| programs.join(name).is_file())
}

fn install(run: &LayerRun) -> Result<(), StepError> {
    if !is_root()? || !Path::new("/usr/bin/apt-get").exists() {
        return Err(StepError::Found(format!(
            "PostgreSQL {OLDEST} or newer is not installed, and can be installed only as root on Debian: apt-get install {PACKAGE}"
        )));
    }
    // The packaged cluster is not wanted: tests have their own.
    let settings = Path::new("/etc/postgresql-common");
    let file = settings.join("createcluster.conf");
    if !file.exists() {
        let failed = |source| StepError::File { path: file.clone(), source };
        fs::create_dir_all(settings).map_err(failed)?;
        fs::write(&file, "create_main_cluster = false\n").map_err(failed)?;
    }
    let mut update = Command::new("apt-get");
    run.run(update.arg("update"))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends", PACKAGE]);
    run.run(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

/// A fresh cluster: on its sockets everybody is believed, on the network a password is asked for.
fn cluster(run: &LayerRun, programs: &Path, folder: &Path) -> Result<(), StepError> {
    let failed = |source| StepError::File { path: folder.to_path_buf(), source };
    let data = folder.join("data");
    fs::create_dir_all(&data).map_err(failed)?;
    fs::write(folder.join("programs"), programs.display().to_string()).map_err(failed)?;
    run.run(Command::new("chmod").arg("0755").arg(folder))?;
    let initdb = programs.join("initdb");
    let mut command = if is_root()? {
        run.run(Command::new("chown").arg(ACCOUNT).arg(&data))?;
        let mut command = Command::new("setpriv");
        command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups", "--"]).arg(initdb);
        command
    } else {
        Command::new(initdb)
    };
    command.arg("-D").arg(&data).args(["-U", ACCOUNT, "-E", "UTF8", "--locale=C.UTF-8"]);
    run.run(command.args(["--auth-local=trust", "--auth-host=scram-sha-256"]))
}

fn tests(run: &LayerRun, folder: &Path) -> Result<(), StepError> {
    let mut cargo = run.cargo_command();
    if run.has_nextest() {
        // Only what is needed is built.
        cargo.args(["nextest", "run", "--workspace", "--test", "postgres_*"]);
        cargo.args(["--profile", "postgresql", "--run-ignored", "ignored-only"]);
    } else {
        cargo.args(["test", "--workspace", "--test", "postgres_*", "--", "--ignored", "--test-threads", "2"]);
    }
    run.run(cargo.env(VARIABLE, folder))
}

fn is_root() -> Result<bool, StepError> {
    let output = Command::new("id").arg("-u").output();
    let output = output.map_err(|source| StepError::Start { command: "id -u".to_owned(), source })?;
    Ok(output.stdout.trim_ascii() == b"0")
}
