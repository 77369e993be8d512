//! `heat engine`

use clap::Args;
use std::str::FromStr;
use std::time::Duration;

/// `heat engine`
#[derive(Debug, Args)]
pub(crate) struct EngineArguments {
    /// After so many seconds without a sign of life from this engine others take over what it works on. It gives one three
    /// times as often.
    #[arg(long, value_name = "SECONDS", default_value = "15")]
    pub(crate) lease: Seconds,
    /// What other engines call this one, in messages for people. Default: process and machine.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Days for which deleted stacks and their events can still be shown.
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub(crate) keep_deleted: u32,
    /// How many events of one stack are kept, the newest.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    pub(crate) keep_events: u32,
}

/// A time in seconds; half a second at least.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seconds(pub(crate) Duration);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds: f64 = text.parse().map_err(|_| "a number of seconds is needed".to_owned())?;
        if !(0.5..=86_400.0).contains(&seconds) {
            return Err("between 0.5 and 86400 seconds".to_owned());
        }
        Ok(Self(Duration::from_secs_f64(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_some_seconds_long() {
        assert_eq!("1.5".parse(), Ok(Seconds(Duration::from_millis(1500))));
        for wrong in ["", "x", "0", "-1", "nan", "1e9"] {
            assert!(wrong.parse::<Seconds>().is_err(), "{wrong}");
        }
    }
}
