//! Codes of parameters and environments: 2.

use crate::case::{Ask, Case, case};
use heat_template::diagnostic::codes::*;
use serde_json::json;

fn parameter(text: &str) -> String {
    format!("heat_template_version: 2021-04-16\nparameters:\n  size: {text}\n")
}

const NOTHING: &str = "heat_template_version: 2021-04-16\nresources: {}\n";

pub(crate) fn cases() -> Vec<Case> {
    let size = parameter("{type: number, default: 1}");
    let used = |text: &str| parameter(text) + "outputs:\n  size: {value: {get_param: size}}\n";
    vec![
        case(PARAMETER_SHAPE, &parameter("number")),
        case(PARAMETER_UNKNOWN_KEY, &parameter("{type: number, defualt: 1}")),
        case(PARAMETER_TYPE_MISSING, &parameter("{default: 1}")),
        case(PARAMETER_TYPE_UNKNOWN, &parameter("{type: integer}")),
        case(CONSTRAINT_SHAPE, &parameter("{type: number, constraints: [{range: 5}]}")),
        case(CONSTRAINT_NOT_FOR_TYPE, &parameter("{type: number, constraints: [{length: {max: 5}}]}")),
        case(PARAMETER_DEFAULT, &parameter("{type: number, default: 9, constraints: [{range: {max: 5}}]}")),
        case(PARAMETER_MISSING, &used("{type: number}")),
        case(PARAMETER_UNDECLARED, &used("{type: number, default: 1}"))
            .environment("env.yaml", "parameters:\n  sise: 2\n"),
        case(PARAMETER_VALUE, &used("{type: number, constraints: [{range: {max: 5}}]}"))
            .environment("env.yaml", "parameters:\n  size: 9\n"),
        case(PARAMETER_UNUSED, &size),
        case(PARAMETER_IMMUTABLE, &used("{type: number, immutable: true}"))
            .parameters(json!({"size": 2}))
            .ask(
                Ask::Update(json!({"size": 1})),
                "For a stack that was made with `size: 1` and gets `size: 2`:",
            ),
        case(ENVIRONMENT_SHAPE, NOTHING).environment("env.yaml", "- parameters\n"),
        case(ENVIRONMENT_SECTION, NOTHING).environment("env.yaml", "paramters: {}\n"),
        case(ENVIRONMENT_EMPTY_SECTION, NOTHING)
            .environment("env.yaml", "parameters:\nresource_registry: {}\n"),
        case(REGISTRY_ENTRY, NOTHING).environment("env.yaml", "resource_registry:\n  OS::Nova::Server: 5\n"),
        case(REGISTRY_HOOK, NOTHING)
            .environment("env.yaml", "resource_registry:\n  resources:\n    web: {hooks: pre-craete}\n"),
        case(REGISTRY_RESTRICTED_ACTION, NOTHING).environment(
            "env.yaml",
            "resource_registry:\n  resources:\n    web: {restricted_actions: delete}\n",
        ),
        case(REGISTRY_LOOP, "heat_template_version: 2021-04-16\nresources:\n  disk: {type: My::Disk}\n")
            .environment("env.yaml", "resource_registry:\n  My::Disk: My::Volume\n  My::Volume: My::Disk\n"),
        case(MERGE_STRATEGY, &size)
            .environment("one.yaml", "parameters: {size: 1}\nparameter_merge_strategies: {size: merge}\n")
            .environment("two.yaml", "parameters: {size: 2}\nparameter_merge_strategies: {size: merge}\n"),
        case(ENVIRONMENT_FILE_MISSING, NOTHING).environment("env.yaml", "parameters: {}\n").missing(
            "evn.yaml",
            "In a request that names the environments `env.yaml` and `evn.yaml`, and brings only the first:",
        ),
    ]
}
