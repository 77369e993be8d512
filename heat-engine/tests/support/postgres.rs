//! A PostgreSQL server of a test's own: on a Unix socket and a free port, in a temporary folder, durable like a real one.
//!
//! `HEAT_TEST_POSTGRES` names a folder with `programs`, the path of PostgreSQL's programs, and `data`, a fresh cluster that
//! is copied: `cargo xtask test --only postgresql` makes both.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Whom the server runs as where the test runs as root, which PostgreSQL refuses.
const ACCOUNT: &str = "postgres";

/// The password of the role `heat`.
pub const PASSWORD: &str = "hunter2-of-the-store";

/// How a server ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// As an administrator stops it: sessions are told.
    Fast,
    /// As if the power went: nothing is tidied away.
    Crash,
}

/// A server, ended when it is dropped.
pub struct Server {
    folder: TempDir,
    programs: PathBuf,
    pub port: u16,
    process: Option<Child>,
}

impl Server {
    /// A fresh one, with the database `heat` of the role `heat`, who has a password on the network.
    pub fn start() -> Self {
        let made = std::env::var_os("HEAT_TEST_POSTGRES")
            .expect("HEAT_TEST_POSTGRES is not set: cargo xtask test --only postgresql sets it");
        let made = PathBuf::from(made);
        let programs =
            std::fs::read_to_string(made.join("programs")).expect("the path of PostgreSQL's programs");
        let folder = tempfile::tempdir().expect("a folder");
        run(Command::new("cp").arg("-a").arg(made.join("data")).arg(folder.path().join("data")));
        // The server has to get through it, and so has whoever connects.
        run(Command::new("chmod").arg("0755").arg(folder.path()));
        let sockets = folder.path().join("sockets");
        std::fs::create_dir(&sockets).expect("a folder");
        if is_root() {
            run(Command::new("chown").args([ACCOUNT, "--"]).arg(&sockets));
        }
        // Somebody else may take it before the server does: then that says so.
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))
            .expect("a port")
            .local_addr()
            .expect("an address")
            .port();
        let mut server = Self { folder, programs: PathBuf::from(programs.trim()), port, process: None };
        server.begin();
        server.sql("postgres", &format!("CREATE ROLE heat LOGIN PASSWORD '{PASSWORD}'"));
        server.sql("postgres", "CREATE DATABASE heat OWNER heat");
        server
    }

    /// Starts it again, with what it had.
    pub fn begin(&mut self) {
        let data = self.folder.path().join("data");
        let mut command = as_account(&self.programs.join("postgres"));
        command.arg("-D").arg(data).args(["-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", &format!("port={}", self.port), "-c", "fsync=on", "-c", "max_connections=200"]);
        command.arg("-c").arg(format!("unix_socket_directories={}", self.sockets().display()));
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log()).expect("a log");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().expect("the server starts"));
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let mut ready = Command::new(self.programs.join("pg_isready"));
            ready.arg("-h").arg(self.sockets()).args(["-p", &self.port.to_string(), "-q"]);
            if ready.status().expect("pg_isready").success() {
                return;
            }
            assert!(Instant::now() < end, "the server does not come up: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it; what it has stays.
    pub fn end(&mut self, how: End) {
        let Some(mut process) = self.process.take() else { return };
        let signal = match how {
            End::Fast => "-INT",
            End::Crash => "-QUIT",
        };
        run(Command::new("kill").args([signal, &process.id().to_string()]));
        process.wait().expect("the server ends");
    }

    fn sockets(&self) -> PathBuf {
        self.folder.path().join("sockets")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What the server wrote to its log.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// The database `heat` by the Unix socket, where nobody is asked for a password.
    pub fn url(&self) -> String {
        self.url_of("heat")
    }

    /// Another database by the Unix socket.
    pub fn url_of(&self, database: &str) -> String {
        let sockets = self.sockets().display().to_string().replace('/', "%2F");
        format!("postgres://heat@{sockets}:{}/{database}", self.port)
    }

    /// A database by the network, where a password is asked for.
    pub fn network_url(&self, password: &str, database: &str) -> String {
        format!("postgres://heat:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// Lets the server's administrator say something; gives the answer.
    pub fn sql(&self, database: &str, text: &str) -> String {
        let mut command = Command::new(self.programs.join("psql"));
        command.arg("-h").arg(self.sockets()).args([
            "-p",
            &self.port.to_string(),
            "-U",
            ACCOUNT,
            "-d",
            database,
        ]);
        command.args(["-v", "ON_ERROR_STOP=1", "-qAtc", text]);
        let output = command.output().expect("psql");
        assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = Command::new("kill").args(["-QUIT", &process.id().to_string()]).status();
            let _ = process.wait();
        }
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    output.stdout.starts_with(b"0")
}

/// A program that is not run as root.
fn as_account(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups", "--"]).arg(program);
    command
}

fn run(command: &mut Command) {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
