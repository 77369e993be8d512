//! For plugins' own tests: the conformance kit, and what unit tests of single functions need.
//!
//! [`conformance`] runs every resource type of a plugin through its life against whatever the fixtures' credentials name,
//! a simulator or a real service, from one definition:
//!
//! | Step | What must hold |
//! |---|---|
//! | schema | everything is documented, defaults meet their own types and constraints |
//! | create | gives an id, becomes ready within the fixture's patience, tells the attributes of creation |
//! | read | tells properties as they were given, attributes as the schema says |
//! | read many | as one by one |
//! | handover | a place that is given free and taken back leaves the object as it was |
//! | no change | an update that changes nothing changes nothing |
//! | update … | each property that can be updated in place, alone, repeated as after a crash, then all back |
//! | crash | a create whose answer is lost is found again, exactly once, and not if it is excluded |
//! | delete | is done, may be repeated, and leaves nothing to read or to find |
//! | secrets | no secret stands in what is printed or in a failure's text |
//!
//! What does not apply to a type is said in the fixture with a reason and stands in the report: nothing is skipped
//! silently. Between reads the kit calls the sleep function that the fixtures give, so that it needs no runtime of its own.
//!
//! [`Call`] builds the context of a single call for unit tests.

mod abilities;
mod call;
mod conformance;
mod crash;
mod driver;
mod fixture;
mod life;
mod prepare;
mod report;
mod sanity;
mod updates;

pub use call::{Call, Journaled, MemoryJournal};
pub use conformance::conformance;
pub use fixture::{Fixture, Fixtures, Run};
pub use report::{Check, Outcome, Report, Step, TypeReport};
