//! A create whose answer nobody recorded: it is found again, and only by whoever made it.

use super::conformance::{Steps, Trial};
use super::life::Life;
use super::report::Step;
use crate::{FindBasis, Finding, PhysicalId, Result};
use std::sync::Arc;

impl Trial<'_> {
    /// A create whose answer nobody recorded.
    pub(super) async fn crash(&mut self, place: &mut Option<Life>) -> Steps {
        if !self.applies(&Step::Crash) {
            return Ok(());
        }
        let written = (self.fixture.properties)(&self.run);
        let life = match self.object(&Arc::clone(&self.resource), "kit", &written).await {
            Ok(life) => place.insert(life),
            Err(failure) => return self.fail(Step::Crash, &failure),
        };
        let basis = life.basis();
        if basis == FindBasis::None {
            let why = "nothing would find the object again: implement find and find_basis, or skip it with a reason";
            self.report.failed(Step::Crash, why);
            return Ok(());
        }
        if let Err(failure) = life.look_before(&self.driver).await {
            return self.fail(Step::Crash, &failure);
        }
        let lost = match life.request(&self.driver).await {
            Ok(created) => created.id,
            Err(failure) => return self.fail(Step::Crash, &failure),
        };
        life.again();
        let found = self.find_within_settle_time(life).await;
        // Whatever was found, this is what was made and must be removed.
        life.id = Some(lost.clone());
        match found {
            Ok(Finding::Found(id)) if id == lost => self.report.passed(Step::Crash),
            Ok(other) => self.report.failed(Step::Crash, format!("create made {lost}, find says {other:?}")),
            Err(failure) => return self.fail(Step::Crash, &failure),
        }
        self.exclude(life, &lost).await;
        if basis == FindBasis::Unique && self.applies(&Step::Repeat) {
            self.repeat(life, &lost).await;
        }
        if let Err(failure) = life.settle(&self.driver).await {
            return self.fail(Step::Crash, &failure);
        }
        Ok(())
    }

    async fn find_within_settle_time(&self, life: &Life) -> Result<Finding> {
        let cx = life.context();
        let mut left = life.resource.settle_time().min(self.driver.patience);
        loop {
            match life.find(&self.driver, &cx).await? {
                Finding::Absent if !left.is_zero() => {
                    self.driver.wait(None).await;
                    left = left.saturating_sub(self.driver.pause);
                }
                finding => return Ok(finding),
            }
        }
    }

    async fn exclude(&mut self, life: &Life, made: &PhysicalId) {
        if !self.applies(&Step::Exclude) {
            return;
        }
        let mut cx = life.context();
        cx.excluded.insert(made.clone());
        let mut problems = Vec::new();
        match life.find(&self.driver, &cx).await {
            Ok(Finding::Absent) => {}
            Ok(finding) => problems.push(format!("find gives {finding:?} though {made} is excluded")),
            Err(failure) => problems.push(failure.to_string()),
        }
        if life.basis() == FindBasis::Key {
            match life.find(&self.driver, &life.stranger(&mut self.identities)).await {
                Ok(Finding::Absent) => {}
                Ok(finding) => {
                    problems.push(format!("find gives {finding:?} to an operation that did not make it"))
                }
                Err(failure) => problems.push(failure.to_string()),
            }
        }
        self.report.judge(Step::Exclude, problems);
    }

    async fn repeat(&mut self, life: &Life, made: &PhysicalId) {
        let cx = life.context();
        match self.driver.bounded(life.resource.create(&cx, &life.properties)).await {
            Ok(created) if created.id == *made => self.report.passed(Step::Repeat),
            Ok(created) => {
                let why = format!(
                    "find_basis says Unique, and a repeated create made {} beside {made}",
                    created.id
                );
                self.report.failed(Step::Repeat, why);
                let mut second = self.sibling(life, created.id);
                if let Err(failure) = second.delete(&self.driver).await {
                    self.report.failed(Step::CleanUp, format!("{made} is left behind: {failure}"));
                }
            }
            Err(failure) if failure.is_uncertain() => self.report.failed(Step::Repeat, failure.to_string()),
            Err(_) => self.report.passed(Step::Repeat),
        }
    }

    fn sibling(&mut self, life: &Life, id: PhysicalId) -> Life {
        let cx = life.context();
        let (resource, properties) = (Arc::clone(&life.resource), life.properties.clone());
        let mut second =
            Life::new(resource, "kit", &mut self.identities, cx.credentials, cx.connection, properties);
        second.id = Some(id);
        second
    }
}
