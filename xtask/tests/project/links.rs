//! Every link between the project's pages leads somewhere, and every page of the book can be reached.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::tree;

/// The targets of all links of a page, outside code.
fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        }
        if in_block {
            continue;
        }
        // What stands between back-quotes is code; every second part is outside of them.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
        found.extend(prose.split("](").skip(1).filter_map(|rest| {
            let target = rest.split(')').next()?.split_whitespace().next()?;
            Some(target.trim_matches(['<', '>']).to_owned())
        }));
        // [label]: target
        if let Some((label, target)) = prose.split_once("]: ")
            && label.starts_with('[')
            && !label.starts_with("[^")
        {
            found.extend(target.split_whitespace().next().map(str::to_owned));
        }
    }
    found
}

/// The anchors that a page's headings get, as GitHub and mdBook make them.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut in_block = false;
    page.lines()
        .filter(|line| {
            if line.trim_start().starts_with("```") {
                in_block = !in_block;
            }
            !in_block && line.starts_with('#')
        })
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            title
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

/// `a/b/../c` is `a/c`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(plain.pop(), "{} leads out of the project", path.display()),
            Component::CurDir => {}
            _ => plain.push(part),
        }
    }
    plain
}

/// What is wrong with a link of a page, if anything.
fn broken(page: &Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() {
        page.to_path_buf()
    } else {
        plain(&page.parent().unwrap_or(Path::new("")).join(path))
    };
    if !tree::root().join(&target).exists() {
        return Some(format!("{}: {link}: there is no {}", page.display(), target.display()));
    }
    let anchor = anchor.filter(|_| target.extension().is_some_and(|end| end == "md"))?;
    let missing = !anchors(&tree::text(&target)).contains(anchor);
    missing.then(|| format!("{}: {link}: {} has no such heading", page.display(), target.display()))
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let wrong: Vec<_> = tree::files(&["md"])
        .iter()
        .flat_map(|page| {
            links(&tree::text(page)).into_iter().filter_map(|link| broken(page, &link)).collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_of_a_book_is_in_its_summary() {
    let pages = tree::files(&["md"]);
    for summary in pages.iter().filter(|page| page.ends_with("SUMMARY.md")) {
        let folder = summary.parent().expect("a file has a folder");
        let listed: BTreeSet<PathBuf> =
            links(&tree::text(summary)).iter().map(|link| plain(&folder.join(link))).collect();
        for page in pages.iter().filter(|page| page.starts_with(folder) && *page != summary) {
            assert!(listed.contains(page), "{} is not in {}", page.display(), summary.display());
        }
    }
}

#[test]
fn links_in_code_are_not_links() {
    let page = "[a](one.md) `[b](two.md)` [c](<three.md> \"title\")\n```\n[d](four.md)\n```\n[e]: five.md\n";
    assert_eq!(links(page), ["one.md", "three.md", "five.md"]);
}

#[test]
fn a_heading_s_anchor_is_its_text_in_small_letters() {
    assert!(anchors("## What `read` does, twice\n").contains("what-read-does-twice"));
}

#[test]
fn a_link_to_nowhere_is_found() {
    let page = Path::new("conformance/README.md");
    assert_eq!(broken(page, "SURPRISES.md"), None);
    assert_eq!(broken(page, "https://example.org/x"), None);
    assert!(broken(page, "../nowhere.md").unwrap().contains("there is no nowhere.md"));
    assert!(broken(page, "#no-such-heading").unwrap().contains("no such heading"));
}
