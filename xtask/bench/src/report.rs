//! What a benchmark found: figures for people, and ratios with what is demanded of them.

use std::fmt;
use std::time::Duration;

/// The figures of one benchmark.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) title: &'static str,
    /// What was measured, in lines.
    pub(crate) figures: Vec<String>,
    pub(crate) demands: Vec<Demand>,
}

/// A ratio, and what it must be.
#[derive(Debug)]
pub(crate) struct Demand {
    pub(crate) what: String,
    pub(crate) ratio: f64,
    pub(crate) bound: Bound,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Demand {
    pub(crate) fn at_least(what: impl Into<String>, ratio: f64, bound: f64) -> Self {
        Self { what: what.into(), ratio, bound: Bound::AtLeast(bound) }
    }

    pub(crate) fn at_most(what: impl Into<String>, ratio: f64, bound: f64) -> Self {
        Self { what: what.into(), ratio, bound: Bound::AtMost(bound) }
    }

    /// A ratio that is no number holds nothing.
    pub(crate) fn holds(&self) -> bool {
        match self.bound {
            Bound::AtLeast(bound) => self.ratio >= bound,
            Bound::AtMost(bound) => self.ratio <= bound,
        }
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, ratio, bound } = self;
        match bound {
            Bound::AtLeast(bound) => write!(f, "{what}: {ratio:.2} (at least {bound:.2})"),
            Bound::AtMost(bound) => write!(f, "{what}: {ratio:.2} (at most {bound:.2})"),
        }?;
        f.write_str(if self.holds() { " holds" } else { " DOES NOT HOLD" })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for figure in &self.figures {
            writeln!(f, "    {figure}")?;
        }
        for demand in &self.demands {
            writeln!(f, "  {demand}")?;
        }
        Ok(())
    }
}

/// One duration as a multiple of another.
pub(crate) fn ratio(of: Duration, to: Duration) -> f64 {
    of.as_secs_f64() / to.as_secs_f64()
}

/// A duration in milliseconds, for a figure.
pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_holds_on_its_own_side_of_the_bound_and_never_for_what_is_no_number() {
        assert!(Demand::at_least("speed", 8.0, 8.0).holds());
        assert!(!Demand::at_least("speed", 7.99, 8.0).holds());
        assert!(Demand::at_most("cost", 3.0, 3.0).holds());
        assert!(!Demand::at_most("cost", 3.01, 3.0).holds());
        assert!(!Demand::at_most("cost", ratio(Duration::ZERO, Duration::ZERO), 3.0).holds());
        assert!(!Demand::at_least("cost", f64::NAN, 3.0).holds());
    }

    #[test]
    fn a_demand_that_does_not_hold_is_told_aloud() {
        let told = Demand::at_most("cost", 3.5, 3.0).to_string();
        assert_eq!(told, "cost: 3.50 (at most 3.00) DOES NOT HOLD");
    }
}
