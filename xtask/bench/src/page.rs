//! The page that keeps the last figures.

use crate::report::{Bound, Report};
use std::fmt::Write as _;

/// The whole page.
pub(crate) fn page(reports: &[Report]) -> String {
    let mut page = String::from(
        "# Benchmarks\n\n\
         The last figures of `cargo xtask bench --write`, which writes this page. Each ratio is of two things that were\n\
         measured in one run on one machine; the times beside it belong to that machine and mean nothing elsewhere.\n\n",
    );
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    // Writing to a text never fails.
    let _ = writeln!(page, "Machine: {cores} cores, {}, {}.\n", std::env::consts::ARCH, std::env::consts::OS);
    page.push_str("| what | ratio | demanded | |\n| --- | ---: | ---: | --- |\n");
    for demand in reports.iter().flat_map(|report| &report.demands) {
        let bound = match demand.bound {
            Bound::AtLeast(bound) => format!("≥ {bound:.2}"),
            Bound::AtMost(bound) => format!("≤ {bound:.2}"),
        };
        let holds = if demand.holds() { "holds" } else { "**does not hold**" };
        let _ = writeln!(page, "| {} | {:.2} | {bound} | {holds} |", demand.what, demand.ratio);
    }
    for report in reports {
        let _ = write!(page, "\n## {}\n\n", report.title);
        for figure in &report.figures {
            let _ = writeln!(page, "- {figure}");
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Demand;

    #[test]
    fn the_page_has_every_demand_and_every_figure() {
        let report = Report {
            title: "Reading",
            figures: vec!["3 ms".to_owned()],
            demands: vec![Demand::at_least("times faster", 9.0, 8.0), Demand::at_most("cost", 4.0, 3.0)],
        };
        let page = page(&[report]);
        assert!(page.contains("| times faster | 9.00 | ≥ 8.00 | holds |"), "{page}");
        assert!(page.contains("| cost | 4.00 | ≤ 3.00 | **does not hold** |"), "{page}");
        assert!(page.contains("## Reading\n\n- 3 ms\n"), "{page}");
    }
}
