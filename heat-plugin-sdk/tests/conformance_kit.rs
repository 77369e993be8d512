//! The conformance kit passes a good plugin and names the mistakes of bad ones.

mod acme;

use acme::{Mistake, Service, fixtures, plugin};
use heat_plugin_sdk::Credentials;
use heat_plugin_sdk::testing::{Fixture, Fixtures, Outcome, Report, Step, conformance};
use serde_json::json;
use std::sync::Arc;

async fn run(mistake: Mistake) -> (Arc<Service>, Report) {
    let service = Service::new(mistake);
    let report = conformance(plugin(&service), fixtures()).await;
    (service, report)
}

const RECORD: &str = "Acme::DNS::Record";
const ZONE: &str = "Acme::DNS::Zone";

#[tokio::test]
async fn a_good_plugin_passes_every_step_and_leaves_nothing_behind() {
    let (service, report) = run(Mistake::None).await;
    for type_name in [ZONE, RECORD] {
        let report = report.of(type_name).unwrap();
        assert_eq!(report.failures().collect::<Vec<_>>(), [], "{type_name}");
    }
    let steps: Vec<_> =
        report.of(RECORD).unwrap().checks.iter().map(|check| check.step.to_string()).collect();
    let expected = [
        "schema",
        "prerequisites",
        "properties",
        "create",
        "read",
        "read many",
        "attribute log_url",
        "no change",
        "update ttl",
        "update comment",
        "update back",
        "delete",
        "delete again",
        "gone",
        "crash",
        "exclude",
        "secrets",
    ];
    assert_eq!(steps, expected);
    assert_eq!(report.of(ZONE).unwrap().outcome(&Step::Repeat), Some(&Outcome::Passed));
    assert!(service.is_empty());
}

/// Each mistake, the type and step at which it must show, and a piece of what is said.
const MISTAKES: &[(Mistake, &str, &str, &str)] = &[
    (Mistake::CreateForgetsKey, RECORD, "crash", "find says Absent"),
    (Mistake::FindIgnoresExclusions, RECORD, "exclude", "is excluded"),
    (Mistake::FindIgnoresTheOwner, RECORD, "exclude", "did not make it"),
    (Mistake::UpdateDoesNothing, RECORD, "update ttl", "given as 600, read tells 300"),
    (Mistake::UpdateFailsWhenRepeated, RECORD, "update ttl", "repeated after a crash"),
    (Mistake::UpdateWithoutChangeWrites, RECORD, "no change", "attribute serial"),
    (Mistake::ReadOmitsTtl, RECORD, "observe ttl", "does not tell"),
    (Mistake::ReadTellsUnknown, RECORD, "read", "colour"),
    (Mistake::AttributeOfAnotherType, RECORD, "read", "another type than Integer"),
    (Mistake::AttributeMissing, RECORD, "read", "does not tell attribute serial"),
    (Mistake::SecretInFailure, RECORD, "secrets", "a secret stands"),
    (Mistake::DeleteFailsWhenRepeated, RECORD, "delete again", "nothing to delete"),
    (Mistake::DeleteDoesNothing, RECORD, "delete", "still there"),
    (Mistake::ReadFailsWhenGone, RECORD, "delete", "NotFound"),
    (Mistake::NeverReady, RECORD, "create", "propagating"),
    (Mistake::NamesAreNotUnique, ZONE, "repeat", "repeated create made"),
    (Mistake::PlaceIsNotGivenBack, ZONE, "handover", "not what it was"),
    (Mistake::ReadManyForgetsOne, ZONE, "read many", "1 answers to 2 calls"),
    (Mistake::UndocumentedType, "Undocumented", "schema", "Vendor::Service::Type"),
];

#[tokio::test]
async fn every_mistake_is_named_at_its_step() {
    for &(mistake, type_name, step, words) in MISTAKES {
        let (_, report) = run(mistake).await;
        let found = report.of(type_name).is_some_and(|report| {
            report.failures().any(|(failed, why)| failed.to_string() == step && why.contains(words))
        });
        assert!(found, "{mistake:?} at {step}: {report}");
        assert!(!report.is_clean());
    }
}

#[tokio::test]
async fn what_could_not_be_removed_is_named() {
    let (_, report) = run(Mistake::DeleteDoesNothing).await;
    let record = report.of(RECORD).unwrap();
    assert!(
        record.failures().any(|(step, why)| *step == Step::CleanUp && why.contains("record-")),
        "{report}"
    );
}

#[tokio::test]
async fn nothing_is_left_out_silently() {
    let service = Service::new(Mistake::None);
    let fixtures = Fixtures::new(Credentials::none(), |_| async {})
        .with(
            Fixture::new(RECORD)
                .needs("zone", ZONE, |run| json!({"name": run.name("zone")}))
                .properties(|run| json!({"zone": run.id("zone"), "token": "t0p-s3cret"}))
                .update("ttl", 300)
                .skip(Step::Crash, "for this test"),
        )
        .with(Fixture::new("Acme::DNS::Nothing"));
    let report = conformance(plugin(&service), fixtures).await;
    let text = report.to_string();
    assert!(text.contains("--   crash                    for this test"), "{text}");
    let failures: Vec<_> = report
        .types
        .iter()
        .flat_map(|one| one.failures())
        .map(|(step, why)| format!("{step}: {why}"))
        .collect();
    assert_eq!(
        failures,
        [
            "update ttl: the fixture's second value is the same as the first",
            "update comment: the fixture has no second value: add Fixture::update, or skip it with a reason",
            "schema: the plugin has no such type; is the fixture's name right?",
            "create: there is no fixture: add one, or Fixtures::without with a reason",
        ],
        "{text}"
    );
    assert!(service.is_empty());
}

#[tokio::test]
#[should_panic(expected = "FAIL update ttl")]
async fn assert_clean_shows_the_report() {
    run(Mistake::UpdateDoesNothing).await.1.assert_clean();
}
