//! Points in time as the services print them. Inside, time is milliseconds since 1970.

use jiff::Timestamp;

fn stamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `2026-11-23T01:02:03Z`, as Nova, Neutron and Glance print it.
pub(crate) fn seconds_z(milliseconds: i64) -> String {
    stamp(milliseconds).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-23T01:02:03.000000Z`, as Keystone prints it.
pub(crate) fn micros_z(milliseconds: i64) -> String {
    stamp(milliseconds).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// `2026-11-23T01:02:03.000000`, as Cinder prints it, and Nova in a few places.
pub(crate) fn micros(milliseconds: i64) -> String {
    stamp(milliseconds).strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()
}

/// The point in time that an RFC 3339 text (or one without zone, taken as UTC) names.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let zoned = if text.ends_with('Z') || text.contains('+') { text.to_owned() } else { format!("{text}Z") };
    zoned.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}
