//! Codes of resources, properties and outputs: 4 and 5.

use crate::case::{Ask, Case, case};
use heat_template::definition::NestingLimits;
use heat_template::diagnostic::codes::*;

fn resource(text: &str) -> String {
    format!("heat_template_version: 2021-04-16\nresources:\n  disk:\n{text}")
}

fn disk(properties: &str) -> String {
    resource(&format!("    type: Acme::Disk\n    properties: {properties}\n"))
}

fn output(text: &str) -> String {
    format!("heat_template_version: 2021-04-16\noutputs:\n  url: {text}\n")
}

const BEFORE: &str =
    "heat_template_version: 2021-04-16\nresources: {disk: {type: Acme::Disk, properties: {zone: north}}}\n";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(RESOURCE_SHAPE, &resource("    type: OS::Heat::None\n    depends_on: {a: b}\n")),
        case(RESOURCE_UNKNOWN_KEY, &resource("    type: OS::Heat::None\n    propertes: {}\n")),
        case(RESOURCE_TYPE_MISSING, &resource("    properties: {}\n")),
        case(RESOURCE_TYPE_UNKNOWN, &resource("    type: OS::Cinder::Volum\n")),
        case(
            RESOURCE_NAME,
            "heat_template_version: 2021-04-16\nresources:\n  disks/1: {type: OS::Heat::None}\n",
        ),
        case(DEPENDENCY_UNKNOWN, &resource("    type: OS::Heat::None\n    depends_on: server\n")),
        case(
            DEPENDENCY_CYCLE,
            "
heat_template_version: 2021-04-16
resources:
  a: {type: OS::Heat::None, depends_on: b}
  b: {type: OS::Heat::Value, properties: {value: {get_resource: a}}}
",
        ),
        case(
            DEPENDENCY_EXTERNAL,
            "
heat_template_version: 2021-04-16
resources:
  net: {type: OS::Neutron::Net}
  disk: {type: OS::Cinder::Volume, external_id: 5e1c, depends_on: net}
",
        ),
        case(DELETION_POLICY, &resource("    type: OS::Heat::None\n    deletion_policy: Retian\n")),
        case(UPDATE_POLICY, &resource("    type: Acme::Disk\n    update_policy: {pause: long}\n")),
        case(PROPERTY_UNKNOWN, &disk("{nmae: data}")),
        case(PROPERTY_MISSING, &resource("    type: OS::Neutron::Subnet\n")),
        case(PROPERTY_TYPE, &disk("{size: large}")),
        case(PROPERTY_CONSTRAINT, &disk("{size: 17}")),
        case(PROPERTY_NOT_IMPLEMENTED, &disk("{host: rack-5}")),
        case(PROPERTY_CONFLICT, &disk("{image: debian, picture: debian}")),
        case(DEPRECATED, &resource("    type: Acme::OldDisk\n")),
        case(PROPERTY_IMMUTABLE, &disk("{zone: south}"))
            .ask(Ask::Change(BEFORE), "For a stack whose disk was made with `zone: north`:"),
        case(NESTED_TOO_DEEP, &resource("    type: shelf.yaml\n")).attached(
            "shelf.yaml",
            "
heat_template_version: 2021-04-16
resources:
  shelf: {type: shelf.yaml}
",
        ),
        case(FACADE, &disk("{size: 4}"))
            .environment("environment.yaml", "resource_registry: {'Acme::Disk': disk.yaml}\n")
            .attached(
                "disk.yaml",
                "
heat_template_version: 2021-04-16
parameters:
  size: {type: json, default: {}}
",
            ),
        case(
            TOO_MANY_NESTED,
            "
heat_template_version: 2021-04-16
resources:
  north: {type: shelf.yaml, properties: {zone: north}}
  south: {type: shelf.yaml, properties: {zone: south}}
",
        )
        .attached(
            "shelf.yaml",
            "
heat_template_version: 2021-04-16
parameters:
  zone: {type: string}
resources:
  disk: {type: Acme::Disk, properties: {zone: {get_param: zone}}}
",
        )
        .nesting(NestingLimits { resources: 3, ..NestingLimits::default() }, "With a limit of 3:"),
        case(OUTPUT_SHAPE, &output("http://web")),
        case(OUTPUT_VALUE_MISSING, &output("{description: Where it is.}")),
        case(OUTPUT_UNKNOWN, &output("{value: http://web}"))
            .ask(Ask::Output("ulr"), "When somebody asks for the output `ulr`:"),
        case(OUTPUT_UNKNOWN_KEY, &output("{value: http://web, descripton: Where it is.}")),
    ]
}
