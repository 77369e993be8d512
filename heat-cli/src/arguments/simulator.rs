//! `heat simulator …`

use clap::{Args, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum SimulatorCommand {
    /// A simulated OpenStack: prints an entry for clouds.yaml and answers until Ctrl-C.
    #[command(name = "openstack")]
    OpenStack(OpenStackSimulator),
}

/// `heat simulator openstack`
#[derive(Debug, Args)]
pub(crate) struct OpenStackSimulator {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Keeps the state in this file; a later simulator goes on from there.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// How long requests are under way, in milliseconds: each takes a random time in this range.
    #[arg(long, value_name = "MIN-MAX")]
    pub(crate) latency: Option<LatencyRange>,
    /// How long asynchronous work takes (servers that build, volumes that are made), in milliseconds.
    #[arg(long, value_name = "MILLISECONDS")]
    pub(crate) work: Option<u64>,
    /// How long tokens live, in seconds, as `expiration` in Keystone's settings.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) token_life: Option<u64>,
    /// The seed of ids and latencies.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The name of the cloud in the entry that is printed.
    #[arg(long, value_name = "NAME", default_value = "simulator")]
    pub(crate) name: String,
}

/// A range of milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LatencyRange {
    /// The least.
    pub(crate) least: Duration,
    /// The most.
    pub(crate) most: Duration,
}

impl FromStr for LatencyRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (least, most) = text.split_once('-').unwrap_or((text, text));
        let number = |text: &str| text.trim().parse().map(Duration::from_millis);
        match (number(least), number(most)) {
            (Ok(least), Ok(most)) if least <= most => Ok(Self { least, most }),
            _ => Err("it must be MIN-MAX in milliseconds, such as 20-200".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_ranges_or_numbers() {
        let range = |least, most| LatencyRange {
            least: Duration::from_millis(least),
            most: Duration::from_millis(most),
        };
        assert_eq!("20-200".parse(), Ok(range(20, 200)));
        assert_eq!("7".parse(), Ok(range(7, 7)));
        for wrong in ["200-20", "a-b", "", "-"] {
            assert!(wrong.parse::<LatencyRange>().is_err(), "{wrong}");
        }
    }
}
