//! The client's errors in the classes that the engine acts on.

use std::time::Duration;

use heat_plugin_sdk::{Failure, FailureClass};

use crate::client::{Error, ErrorClass};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let after = error.retry_after();
        let class = match error.class() {
            _ if error.is_uncertain() => FailureClass::Unanswered,
            ErrorClass::NotFound => FailureClass::NotFound,
            ErrorClass::Conflict => FailureClass::Conflict,
            // A rate: without a wish of the service a moment is enough to start with.
            ErrorClass::Busy => FailureClass::OverLimit { after: after.or(Some(Duration::from_secs(1))) },
            ErrorClass::OverLimit => FailureClass::OverLimit { after: None },
            ErrorClass::Unauthenticated => FailureClass::Unauthenticated,
            ErrorClass::Denied => FailureClass::Denied,
            ErrorClass::Invalid => FailureClass::Invalid { property: None },
            ErrorClass::Unavailable => FailureClass::Unavailable { after },
            ErrorClass::Unsupported => FailureClass::Unsupported,
            ErrorClass::Failed | ErrorClass::Configuration | ErrorClass::Protocol => FailureClass::Failed,
        };
        let failure = Failure::new(class, error.without_request_id());
        match error.request_id() {
            Some(id) => failure.with_request_id(id),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::client::{Delivery, Method};

    use super::*;

    #[test]
    fn a_lost_answer_to_a_change_is_uncertain_and_to_a_read_is_not() {
        let lost = |method: &Method| {
            let error = Error::new(ErrorClass::Unavailable, "compute", "lost");
            Failure::from(error.on(method, "/servers").delivered(Delivery::Unanswered))
        };
        assert!(lost(&Method::POST).is_uncertain());
        assert_eq!(*lost(&Method::GET).class(), FailureClass::Unavailable { after: None });
    }

    #[test]
    fn the_request_id_is_said_once() {
        let error = Error::new(ErrorClass::Conflict, "network", "in use");
        let error = error.on(&Method::DELETE, "/v2.0/networks/n").answered(409, Some("req-1".into()));
        let failure = Failure::from(error);
        assert_eq!(
            failure.to_string(),
            "network: DELETE /v2.0/networks/n: in use (HTTP 409) (request req-1)"
        );
    }
}
