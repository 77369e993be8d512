//! Codes of the structure of a template: 1.

use crate::case::{Case, case};
use heat_template::diagnostic::codes::*;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(VERSION_MISSING, "resources: {}\n"),
        case(VERSION_AMBIGUOUS, "heat_template_version: 2021-04-16\nAWSTemplateFormatVersion: 2010-09-09\n"),
        case(VERSION_UNKNOWN, "heat_template_version: 2021-04-61\n"),
        case(NOT_A_MAP, "- heat_template_version: 2021-04-16\n"),
        case(UNKNOWN_SECTION, "heat_template_version: 2021-04-16\nresorces: {}\n"),
        case(SECTION_SHAPE, "heat_template_version: 2021-04-16\nresources:\n  - type: OS::Heat::None\n"),
        case(GROUP_SHAPE, "heat_template_version: 2021-04-16\nparameter_groups:\n  - label: Sizes\n"),
        case(
            GROUP_UNKNOWN_PARAMETER,
            "
heat_template_version: 2021-04-16
parameter_groups:
  - label: Sizes
    parameters: [flavour]
parameters:
  flavor: {type: string, default: m1.tiny}
",
        ),
        case(
            GROUP_PARAMETER_TWICE,
            "
heat_template_version: 2021-04-16
parameter_groups:
  - label: Sizes
    parameters: [flavor]
  - label: Server
    parameters: [flavor]
parameters:
  flavor: {type: string, default: m1.tiny}
",
        ),
        case(
            DUPLICATE_NAME,
            "
heat_template_version: 2021-04-16
parameters:
  server: {type: string, default: web}
resources:
  server: {type: OS::Heat::None}
",
        ),
    ]
}
