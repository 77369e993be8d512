//! The live view on a terminal.

use super::state::State;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

/// The live view. It is wiped away when it is dropped.
pub(super) struct Live {
    bar: ProgressBar,
}

impl Live {
    /// A view on stderr.
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(15));
        // The style is a constant; the plain one would do as well.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Draws the state.
    pub(super) fn draw(&mut self, state: &State) {
        let (height, width) = console_size();
        let lines = state.lines(Timestamp::now(), height);
        let lines: Vec<String> = lines.iter().map(|line| cut(line, width.saturating_sub(3))).collect();
        self.bar.set_message(lines.join("\n"));
        self.bar.tick();
    }

    /// A line that stays, above the view.
    pub(super) fn remark(&self, text: &str) {
        self.bar.println(text);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Lines and columns of the terminal; a usual one's where they are not known.
fn console_size() -> (usize, usize) {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    size.map_or((24, 80), |(width, height)| (usize::from(height.0), usize::from(width.0)))
}

fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
