//! Microversions: how a request says which behaviour it was written for, and how that meets what a service has.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// A microversion such as 2.93: ordered by number, not by text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Microversion {
    /// Number before the point.
    pub major: u32,
    /// Number after the point.
    pub minor: u32,
}

impl Microversion {
    /// A microversion from its two numbers.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Microversion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (major, minor) = text.trim_start_matches('v').split_once('.').ok_or(())?;
        Ok(Self { major: major.parse().map_err(|_| ())?, minor: minor.parse().map_err(|_| ())? })
    }
}

/// What a request asks for: it needs at least `least`, and was written for at most `most`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MicroversionNeed {
    /// Below this the service cannot do what is asked.
    pub least: Microversion,
    /// Above this the service may behave in a way that the request does not know.
    pub most: Microversion,
}

/// What a service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MicroversionRange {
    pub(crate) least: Microversion,
    pub(crate) most: Microversion,
}

/// The best microversion that both know, or `None`.
pub(crate) fn negotiate(need: MicroversionNeed, has: Option<MicroversionRange>) -> Option<Microversion> {
    let has = has?;
    let best = need.most.min(has.most);
    (best >= need.least && best >= has.least).then_some(best)
}

/// Reads a version document: `{"version": {…}}`, or `{"versions": […]}` where the entry for `segment` (`v3`, `v2.1`)
/// counts, else the one that has microversions.
pub(crate) fn from_discovery(document: &Value, segment: Option<&str>) -> Option<MicroversionRange> {
    if let Some(version) = document.get("version") {
        return range(version);
    }
    let versions = document.get("versions")?;
    let list = versions.as_array().or_else(|| versions.get("values")?.as_array())?;
    let major = |text: &str| text.trim_start_matches('v').split('.').next().map(str::to_owned);
    let named = segment.and_then(|segment| {
        list.iter().find(|entry| entry.get("id").and_then(Value::as_str) == Some(segment)).or_else(|| {
            list.iter()
                .find(|entry| entry.get("id").and_then(Value::as_str).and_then(major) == major(segment))
        })
    });
    match named {
        Some(entry) => range(entry),
        None => list.iter().find_map(range),
    }
}

fn range(entry: &Value) -> Option<MicroversionRange> {
    let number = |key: &str| entry.get(key)?.as_str()?.parse::<Microversion>().ok();
    let most = number("max_version").or_else(|| number("version"))?;
    Some(MicroversionRange { least: number("min_version")?, most })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn version(text: &str) -> Microversion {
        text.parse().unwrap()
    }

    #[test]
    fn the_best_common_microversion_is_chosen() {
        let has = Some(MicroversionRange { least: version("2.1"), most: version("2.93") });
        let need = |least, most| MicroversionNeed { least: version(least), most: version(most) };
        assert_eq!(negotiate(need("2.1", "2.90"), has), Some(version("2.90")));
        assert_eq!(negotiate(need("2.1", "2.100"), has), Some(version("2.93")));
        assert_eq!(negotiate(need("2.94", "2.100"), has), None);
        assert_eq!(negotiate(need("2.1", "2.90"), None), None);
    }

    #[test]
    fn both_shapes_of_version_documents_are_read() {
        let nova = json!({"version": {"id": "v2.1", "version": "2.93", "min_version": "2.1"}});
        assert_eq!(from_discovery(&nova, Some("v2.1")).unwrap().most, version("2.93"));
        let cinder = json!({"versions": [
            {"id": "v2.0", "version": "", "min_version": ""},
            {"id": "v3.0", "version": "3.70", "min_version": "3.0"}]});
        assert_eq!(from_discovery(&cinder, Some("v3")).unwrap().most, version("3.70"));
        let placement = json!({"versions": [{"id": "v1.0", "max_version": "1.39", "min_version": "1.0"}]});
        assert_eq!(from_discovery(&placement, None).unwrap().most, version("1.39"));
        assert_eq!(from_discovery(&json!({"versions": [{"id": "v2.0"}]}), None), None);
    }
}
