//! The formatter: the same meaning, the same comments, and nothing more to do the second time.

use super::{told, value_of};
use heat_template::format::{Style, format};
use heat_template::source::SourceMap;
use heat_template::yaml::TextKind;

/// As [`super::Target`].
pub(super) fn judge(text: &str) {
    for width in [100, 30] {
        let mut style = Style::default();
        style.width = width;
        let mut sources = SourceMap::new();
        let file = sources.add("text.yaml", text);
        let formatted = format(file, text, &style);
        told(&formatted.diagnostics, &sources);
        let Some(new) = formatted.value else {
            assert!(formatted.diagnostics.iter().any(|one| one.is_error()), "no text and no reason");
            continue;
        };
        assert_eq!(value_of(text, TextKind::Template), value_of(&new, TextKind::Template), "{new}");
        // JSON that is no YAML (a tab before it) is a template and no environment; formatted it may be both.
        let environment = value_of(text, TextKind::Environment);
        assert!(environment.is_none() || environment == value_of(&new, TextKind::Environment), "{new}");
        let twice = format(file, &new, &style).value;
        assert_eq!(twice.as_deref(), Some(new.as_str()), "formatted twice");
        // Signs of comments stay; quotes may make others of signs in texts, but never take one away.
        let signs = |text: &str| text.matches('#').count();
        assert!(new == text || signs(&new) == signs(text), "comments of\n{text}\nbecame\n{new}");
    }
}
