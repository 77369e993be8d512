//! What a hostile template cannot do, and what a source without I/O of its own sees.

use heat_template::ParseOptions;
use heat_template::collect::{CollectLimits, Collected, Collector, FetchError, Fetched, Source};
use heat_template::source::SourceMap;
use std::cell::RefCell;

const HEAD: &str = "heat_template_version: 2021-04-16\nresources:\n";

fn collected(limits: CollectLimits, source: &dyn Source) -> Collected {
    let mut collector = Collector::new(limits);
    collector.template("https://h/0.yaml");
    collector.run(source);
    collector.finish(&mut SourceMap::new(), &ParseOptions::default())
}

fn errors(collected: &Collected) -> Vec<String> {
    collected.diagnostics.iter().filter(|found| found.is_error()).map(ToString::to_string).collect()
}

/// Each template names two more; it has no end.
struct Endless(RefCell<usize>);

impl Source for Endless {
    fn fetch(&self, address: &str, _: usize) -> Result<Fetched, FetchError> {
        *self.0.borrow_mut() += 1;
        let number: u64 = address.trim_start_matches("https://h/").trim_end_matches(".yaml").parse().unwrap();
        let (one, two) = (2 * number + 1, 2 * number + 2);
        Ok(Fetched::text(format!("{HEAD}  a: {{type: {one}.yaml}}\n  b: {{type: {two}.yaml}}\n")))
    }
}

#[test]
fn what_has_no_end_comes_to_one() {
    let endless = Endless(RefCell::new(0));
    let collected = collected(CollectLimits { files: 100, ..CollectLimits::default() }, &endless);
    assert_eq!(collected.files.iter().count(), 100);
    assert_eq!(endless.0.into_inner(), 101);
    assert!(errors(&collected).iter().any(|error| error.contains("more than 100 files")));
}

/// A template with a file of ten bytes and one of twenty.
struct Sizes;

impl Source for Sizes {
    fn fetch(&self, address: &str, _: usize) -> Result<Fetched, FetchError> {
        Ok(Fetched::text(match address {
            "https://h/0.yaml" => {
                format!(
                    "{HEAD}  a: {{type: T, properties: {{a: {{get_file: '10'}}, b: {{get_file: '20'}}}}}}\n"
                )
            }
            address => "x".repeat(address.trim_start_matches("https://h/").parse().unwrap()),
        }))
    }
}

#[test]
fn sizes_are_limited_though_the_source_gives_more() {
    let template = Sizes.fetch("https://h/0.yaml", 0).unwrap().bytes.len();
    let limits =
        |file_bytes, total_bytes| CollectLimits { file_bytes, total_bytes, ..CollectLimits::default() };
    let one = collected(limits(template, 10_000), &Sizes);
    assert!(errors(&one).is_empty());
    let total = collected(limits(template, template + 25), &Sizes);
    assert_eq!(total.files.names().collect::<Vec<_>>(), ["https://h/10"]);
    assert!(errors(&total)[0].contains("more than 15 bytes"), "{:?}", errors(&total));
    let none = collected(limits(template - 1, 10_000), &Sizes);
    assert!(none.template.is_none() && errors(&none).len() == 1);
}

#[test]
fn a_hundred_names_of_one_file_fetch_it_once() {
    struct Once(RefCell<Vec<String>>);
    impl Source for Once {
        fn fetch(&self, address: &str, _: usize) -> Result<Fetched, FetchError> {
            self.0.borrow_mut().push(address.to_owned());
            let many: String = (0..100).map(|n| format!("  r{n}: {{type: n.yaml}}\n")).collect();
            Ok(Fetched::text(if address.ends_with("0.yaml") {
                format!("{HEAD}{many}")
            } else {
                HEAD.to_owned()
            }))
        }
    }
    let once = Once(RefCell::default());
    assert!(errors(&collected(CollectLimits::default(), &once)).is_empty());
    assert_eq!(once.0.into_inner(), ["https://h/0.yaml", "https://h/n.yaml"]);
}

#[test]
fn whoever_does_not_want_to_be_called_supplies() {
    let mut collector = Collector::default();
    collector.template("https://h/t.yaml");
    collector.environment("https://h/e.yaml");
    assert_eq!(collector.wanted().collect::<Vec<_>>(), ["https://h/t.yaml", "https://h/e.yaml"]);
    collector.supply("https://h/other.yaml", Ok(Fetched::text("not asked for")));
    collector.supply("https://h/e.yaml", Ok(Fetched::text("resource_registry: {My::A: a.yaml}\n")));
    collector.supply("https://h/t.yaml", Ok(Fetched::text(format!("{HEAD}  a: {{type: a.yaml}}\n"))));
    assert_eq!(collector.wanted().collect::<Vec<_>>(), ["https://h/a.yaml"]);
    collector.supply("https://h/a.yaml", Err(FetchError::new("gone").help("look for it")));
    assert_eq!(collector.wanted().count(), 0);
    assert_eq!(collector.failure("https://h/a.yaml"), Some(&FetchError::new("gone").help("look for it")));
    let mut sources = SourceMap::new();
    let collected = collector.finish(&mut sources, &ParseOptions::default());
    let found: Vec<_> = collected.diagnostics.iter().filter(|found| found.is_error()).collect();
    assert_eq!(found.len(), 2, "in the template and in the environment");
    assert!(found.iter().all(|found| found.help == ["look for it"]));
}

/// What is recorded must be readable again.
#[test]
fn a_template_that_is_too_long_as_json_is_refused() {
    struct Long;
    impl Source for Long {
        fn fetch(&self, address: &str, _: usize) -> Result<Fetched, FetchError> {
            let text = "x".repeat(20_000);
            let copies = "*long, ".repeat(30);
            Ok(Fetched::text(match address {
                "https://h/0.yaml" => format!(
                    "{HEAD}  a: {{type: T, properties: {{a: {{get_file: x}}, b: [&long {text}, {copies}]}}}}\n"
                ),
                _ => String::new(),
            }))
        }
    }
    let found = errors(&collected(CollectLimits::default(), &Long));
    assert!(found.len() == 1 && found[0].contains("characters"), "{found:?}");
}

/// Two places: this machine and another one.
struct Both;

impl Source for Both {
    fn fetch(&self, address: &str, _: usize) -> Result<Fetched, FetchError> {
        Ok(Fetched::text(match address {
            "https://h/t.yaml" => {
                "heat_template_version: 2021-04-16\noutputs:\n  a: {value: {get_file: 'file:///home/key.yaml'}}\n"
            }
            "file:///home/e.yaml" => "resource_registry: {My::Key: 'file:///home/key.yaml'}\n",
            "file:///home/key.yaml" => "secret",
            other => return Err(FetchError::new(format!("nobody has {other}"))),
        }))
    }
}

#[test]
fn a_text_from_elsewhere_reads_no_files_of_this_machine() {
    for environment in [false, true] {
        let mut collector = Collector::default();
        collector.template("https://h/t.yaml");
        if environment {
            // What a text of this machine names is sent anyway.
            collector.environment("file:///home/e.yaml");
        }
        collector.run(&Both);
        let collected = collector.finish(&mut SourceMap::new(), &ParseOptions::default());
        let told: Vec<String> = collected.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(collected.files.get("file:///home/key.yaml"), environment.then_some("secret"), "{told:?}");
        let refused = told.iter().any(|told| told.contains("may not name files of this machine"));
        assert_eq!(refused, !environment, "{told:?}");
    }
}
