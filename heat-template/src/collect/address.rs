//! Addresses: how a name becomes a URL, as Python's `urllib.parse` joins them.

/// The schemes whose addresses a relative name can continue.
const RELATIVE: [&str; 20] = [
    "", "ftp", "http", "gopher", "nntp", "imap", "wais", "file", "https", "shttp", "mms", "prospero", "rtsp",
    "rtsps", "rtspu", "sftp", "svn", "svn+ssh", "ws", "wss",
];

/// The parts of an address.
struct Parts<'a> {
    scheme: String,
    /// What stands behind `//`; none where there is no `//`.
    host: &'a str,
    path: &'a str,
    /// With its `?` and `#`; empty parts are none.
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(address: &'a str, scheme: &str) -> Self {
        let (own, mut rest) = split_scheme(address);
        let scheme = own.map_or_else(|| scheme.to_owned(), str::to_ascii_lowercase);
        let mut host = "";
        if let Some(behind) = rest.strip_prefix("//") {
            let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
            (host, rest) = behind.split_at(end);
        }
        let (rest, fragment) = cut(rest, '#');
        let (path, query) = cut(rest, '?');
        Self { scheme, host, path, query, fragment }
    }

    fn written(&self, path: &str) -> String {
        let mut text = String::new();
        if !self.scheme.is_empty() {
            text = format!("{}:", self.scheme);
        }
        if !self.host.is_empty() || (!self.scheme.is_empty() && !path.starts_with("//")) {
            text += "//";
            text += self.host;
            if !path.is_empty() && !path.starts_with('/') {
                text.push('/');
            }
        }
        text += path;
        for (mark, part) in [('?', self.query), ('#', self.fragment)] {
            if let Some(part) = part.filter(|part| !part.is_empty()) {
                text.push(mark);
                text += part;
            }
        }
        text
    }
}

fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

fn split_scheme(address: &str) -> (Option<&str>, &str) {
    match address.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) =>
        {
            (Some(scheme), rest)
        }
        _ => (None, address),
    }
}

/// The scheme of an address, in small letters: `file`, `https`; none of a plain path.
pub fn scheme(address: &str) -> Option<String> {
    split_scheme(address).0.map(str::to_ascii_lowercase)
}

/// The address of what a text in the folder `base` calls `name`: Python's `urljoin`.
///
/// ```
/// use heat_template::collect::join;
///
/// assert_eq!(join("file:///stacks/", "../lib/init.sh"), "file:///lib/init.sh");
/// assert_eq!(join("file:///stacks/", "https://example.org/init.sh"), "https://example.org/init.sh");
/// ```
pub fn join(base: &str, name: &str) -> String {
    // Python leaves these out wherever they are, and what is not printable in front.
    let clean: String = name
        .trim_start_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\r' | '\n'))
        .collect();
    if base.is_empty() || name.is_empty() {
        return if base.is_empty() { name } else { base }.to_owned();
    }
    let from = Parts::of(base, "");
    let to = Parts::of(&clean, &from.scheme);
    if to.scheme != from.scheme || !RELATIVE.contains(&to.scheme.as_str()) {
        return name.to_owned();
    }
    if !to.host.is_empty() {
        return to.written(to.path);
    }
    let to = Parts { host: from.host, ..to };
    if to.path.is_empty() {
        let query = to.query.filter(|query| !query.is_empty()).or(from.query);
        return Parts { query, ..to }.written(from.path);
    }
    let mut segments: Vec<&str> = Vec::new();
    if !to.path.starts_with('/') {
        segments.extend(from.path.split('/'));
        if segments.last().is_some_and(|last| !last.is_empty()) {
            segments.pop();
        }
        segments.extend(to.path.split('/'));
        let last = segments.len() - 1;
        let mut at = 0;
        segments.retain(|segment| {
            at += 1;
            at == 1 || at > last || !segment.is_empty()
        });
    } else {
        segments.extend(to.path.split('/'));
    }
    let mut path: Vec<&str> = Vec::with_capacity(segments.len());
    for segment in &segments {
        match *segment {
            ".." => drop(path.pop()),
            "." => {}
            other => path.push(other),
        }
    }
    if matches!(segments.last(), Some(&"." | &"..")) {
        path.push("");
    }
    let path = path.join("/");
    to.written(if path.is_empty() { "/" } else { &path })
}

/// The folder that the names in a text start from.
pub(super) fn folder_of(address: &str) -> String {
    let parts = Parts::of(address, "");
    let folder = parts.path.rfind('/').map_or("", |at| &parts.path[..at + 1]);
    // As `os.path.dirname`: only slashes are the root.
    let trimmed = folder.trim_end_matches('/');
    let folder = join(address, if trimmed.is_empty() { folder } else { trimmed });
    with_slash(&folder)
}

/// Names are joined to what ends in a slash.
pub(super) fn with_slash(folder: &str) -> String {
    if folder.is_empty() || folder.ends_with('/') { folder.to_owned() } else { format!("{folder}/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Python 3.11 makes of them.
    #[test]
    fn names_are_joined_as_python_joins_them() {
        for (base, name, expected) in [
            ("file:///a/b/", "x.sh", "file:///a/b/x.sh"),
            ("file:///a/b/", "../x.sh", "file:///a/x.sh"),
            ("file:///a/b/", "../../../x.sh", "file:///x.sh"),
            ("file:///a/b/", "./c/./x y.sh", "file:///a/b/c/x y.sh"),
            ("file:///a/b/", "/etc/motd", "file:///etc/motd"),
            ("file:///a/b/", "file:x.sh", "file:///a/b/x.sh"),
            ("file:///a/b/", "file:///x.sh", "file:///x.sh"),
            ("file:///a/b/", "file://localhost/x.sh", "file://localhost/x.sh"),
            ("file:///a/b/", "FILE:x.sh", "file:///a/b/x.sh"),
            ("file:///a/b/", "http://h/x", "http://h/x"),
            ("file:///a/b/", "HTTP://h/x", "HTTP://h/x"),
            ("file:///a/b/", "swift+s://h/x", "swift+s://h/x"),
            ("file:///a/b/", "c:x.sh", "c:x.sh"),
            ("file:///a/b/", "1:x.sh", "file:///a/b/1:x.sh"),
            ("file:///a/b/", "..", "file:///a/"),
            ("file:///a/b/", "a//b", "file:///a/b/a/b"),
            ("file:///a/b/", "a#b", "file:///a/b/a#b"),
            ("file:///a/b/", "#b", "file:///a/b/#b"),
            ("file:///a/b/", "a?b", "file:///a/b/a?b"),
            ("file:///a/b/", "100%.sh", "file:///a/b/100%.sh"),
            ("file:///a/b/", " x\n.sh", "file:///a/b/x.sh"),
            ("file:///a/b/", "", "file:///a/b/"),
            ("http://h:1/a/b?q", "x?r", "http://h:1/a/x?r"),
            ("http://h/a/", "//g/x", "http://g/x"),
            ("http://h/a/", "?r", "http://h/a/?r"),
            ("http://h", "x", "http://h/x"),
            ("", "x.sh", "x.sh"),
            ("relative/", "x.sh", "relative/x.sh"),
        ] {
            assert_eq!(join(base, name), expected, "{base} {name:?}");
        }
    }

    #[test]
    fn names_start_from_the_folder_of_a_text() {
        for (address, folder) in [
            ("file:///a/b/t.yaml", "file:///a/b/"),
            ("file:///t.yaml", "file:///"),
            ("http://h/a/t.yaml?x=1", "http://h/a/"),
            ("http://h", "http://h/"),
        ] {
            assert_eq!(folder_of(address), folder, "{address}");
        }
    }
}
