//! Codes of functions and conditions: 3.

use crate::case::{Ask, Case, case};
use heat_template::diagnostic::codes::*;

fn output(value: &str) -> String {
    format!("heat_template_version: 2021-04-16\noutputs:\n  url:\n    value: {value}\n")
}

fn value(value: &str) -> String {
    format!(
        "heat_template_version: 2021-04-16\nresources:\n  url:\n    type: OS::Heat::Value\n    properties:\n      value: {value}\n"
    )
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(FUNCTION_ARGUMENTS, &value("{str_split: /}")),
        case(FUNCTION_REMOVED, &value("{Fn::Join: [\"\", [a, b]]}")),
        case(
            FUNCTION_NOT_HERE,
            "heat_template_version: 2021-04-16\nconditions:\n  large: {get_attr: [server, name]}\n",
        ),
        case(
            FUNCTION_UNSUPPORTED,
            "HeatTemplateFormatVersion: 2012-12-12\nOutputs:\n  zones:\n    Value: {Fn::GetAZs: \"\"}\n",
        )
        .ask(Ask::Output("zones"), "Where nobody can tell the availability zones:"),
        case(FUNCTION_VALUE, &value("{list_concat: [[web], db]}")),
        case(
            PARAMETER_REFERENCE,
            &format!(
                "{}parameters:\n  host: {{type: string, default: web}}\n",
                value("[{get_param: hosts}, {get_param: host}]")
            ),
        ),
        case(
            RESOURCE_REFERENCE,
            "
heat_template_version: 2021-04-16
resources:
  net: {type: OS::Neutron::Net}
  subnet:
    type: OS::Neutron::Subnet
    properties:
      network: {get_resource: ent}
      cidr: 10.0.0.0/24
",
        ),
        case(
            RESOURCE_DISABLED,
            "
heat_template_version: 2021-04-16
conditions:
  spare: false
resources:
  disk: {type: OS::Cinder::Volume, condition: spare, properties: {size: 1}}
  note: {type: OS::Heat::Value, properties: {value: {get_resource: disk}}}
",
        ),
        case(
            ATTRIBUTE_REFERENCE,
            "
heat_template_version: 2021-04-16
resources:
  net: {type: OS::Neutron::Net}
outputs:
  state: {value: {get_attr: [net, sattus]}}
",
        ),
        case(FILE_REFERENCE, &value("{get_file: setup.sh}")),
        case(
            MAPPING_REFERENCE,
            "
AWSTemplateFormatVersion: 2010-09-09
Mappings:
  Sizes:
    small: {ram: 1}
Resources:
  ram:
    Type: OS::Heat::Value
    Properties:
      value: {Fn::FindInMap: [Sizes, smal, ram]}
",
        ),
        case(
            CONDITION_REFERENCE,
            "
heat_template_version: 2021-04-16
conditions:
  production: true
resources:
  disk: {type: OS::Heat::None, condition: prodcution}
",
        ),
        case(
            CONDITION_CIRCULAR,
            "
heat_template_version: 2021-04-16
conditions:
  hot: {not: cold}
  cold: {not: hot}
resources:
  heater: {type: OS::Heat::None, condition: cold}
",
        ),
        case(CONDITION_VALUE, "heat_template_version: 2021-04-16\nconditions:\n  large: 5\n"),
        case(FUNCTION_LOOKALIKE, &output("{get_parm: host}")),
        case(
            VALUE_TOO_LARGE,
            &value(
                "\n        repeat:\n          template: abcdef\n          for_each:\n            a: &digits [\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", \"9\"]\n            b: *digits\n            c: *digits\n            d: *digits\n            e: *digits\n            f: *digits",
            ),
        ),
    ]
}
