//! Every kind of problem with its stable code: the one table.
//!
//! A code is never given a second meaning and never taken away; new ones are added at the end of their area.

use super::Code;

macro_rules! codes {
    ($($name:ident = $code:literal: $title:literal;)*) => {
        $(
            #[doc = concat!("`", $code, "`: ", $title, ".")]
            pub const $name: Code = Code($code);
        )*

        /// All codes in order, each with its title.
        pub const ALL: &[(Code, &str)] = &[$((Code($code), $title)),*];
    };
}

codes! {
    // 1: structure
    VERSION_MISSING = "HT0101": "the template does not tell its version";
    VERSION_AMBIGUOUS = "HT0102": "the template tells more than one version";
    VERSION_UNKNOWN = "HT0103": "no dialect has this version";
    NOT_A_MAP = "HT0104": "the text is not a map";
    UNKNOWN_SECTION = "HT0105": "the dialect has no such section";
    SECTION_SHAPE = "HT0106": "a section has the wrong shape";
    GROUP_SHAPE = "HT0107": "a parameter group has the wrong shape";
    GROUP_UNKNOWN_PARAMETER = "HT0108": "a parameter group names a parameter that does not exist";
    GROUP_PARAMETER_TWICE = "HT0109": "a parameter is in two groups";
    DUPLICATE_NAME = "HT0110": "a resource and a parameter have the same name";
    TOO_DEEP = "HT0111": "values are nested too deep";

    // 2: parameters and environment
    PARAMETER_SHAPE = "HT0201": "the declaration of a parameter has the wrong shape";
    PARAMETER_UNKNOWN_KEY = "HT0202": "a parameter has no such key";
    PARAMETER_TYPE_MISSING = "HT0203": "a parameter has no type";
    PARAMETER_TYPE_UNKNOWN = "HT0204": "no such parameter type";
    CONSTRAINT_SHAPE = "HT0205": "a constraint has the wrong shape";
    CONSTRAINT_NOT_FOR_TYPE = "HT0206": "a constraint does not go with the type";
    PARAMETER_DEFAULT = "HT0207": "the default of a parameter is not a valid value";
    PARAMETER_MISSING = "HT0208": "a parameter was not given";
    PARAMETER_UNDECLARED = "HT0209": "a value is given for a parameter that the template does not have";
    PARAMETER_VALUE = "HT0210": "a value is not valid for its parameter";
    PARAMETER_UNUSED = "HT0211": "a parameter is never used";
    PARAMETER_IMMUTABLE = "HT0212": "a parameter may not be changed";
    ENVIRONMENT_SHAPE = "HT0220": "an environment has the wrong shape";
    ENVIRONMENT_SECTION = "HT0221": "an environment has no such section";
    ENVIRONMENT_EMPTY_SECTION = "HT0222": "a section of an environment is empty";
    REGISTRY_ENTRY = "HT0223": "an entry of the resource registry has the wrong shape";
    REGISTRY_HOOK = "HT0224": "no such hook";
    REGISTRY_RESTRICTED_ACTION = "HT0225": "no such restricted action";
    REGISTRY_LOOP = "HT0226": "types are mapped in a circle";
    MERGE_STRATEGY = "HT0227": "values cannot be merged";
    ENVIRONMENT_FILE_MISSING = "HT0228": "an environment file is not attached";

    // 3: functions and conditions
    FUNCTION_ARGUMENTS = "HT0301": "a function has the wrong arguments";
    FUNCTION_REMOVED = "HT0302": "the function is not in this version any more";
    FUNCTION_NOT_HERE = "HT0303": "the function is not possible in a condition";
    FUNCTION_UNSUPPORTED = "HT0304": "the function is not supported";
    FUNCTION_VALUE = "HT0305": "a function cannot work with this value";
    PARAMETER_REFERENCE = "HT0306": "no parameter has this name";
    RESOURCE_REFERENCE = "HT0307": "no resource has this name";
    RESOURCE_DISABLED = "HT0308": "the resource is disabled by its condition";
    ATTRIBUTE_REFERENCE = "HT0309": "the resource has no such attribute";
    FILE_REFERENCE = "HT0310": "the file is not attached";
    MAPPING_REFERENCE = "HT0311": "the mapping has no such entry";
    CONDITION_REFERENCE = "HT0312": "no condition has this name";
    CONDITION_CIRCULAR = "HT0313": "conditions are defined by each other";
    CONDITION_VALUE = "HT0314": "a condition is not a boolean";
    FUNCTION_LOOKALIKE = "HT0315": "a map looks like a function but is data";
    FUNCTION_UNREACHED = "HT0316": "a mistake that does not matter as the conditions are now";

    // 4: resources and properties
    RESOURCE_SHAPE = "HT0401": "a resource has the wrong shape";
    RESOURCE_UNKNOWN_KEY = "HT0402": "a resource has no such key";
    RESOURCE_TYPE_MISSING = "HT0403": "a resource has no type";
    RESOURCE_TYPE_UNKNOWN = "HT0404": "no such resource type";
    RESOURCE_NAME = "HT0405": "a resource may not have this name";
    DEPENDENCY_UNKNOWN = "HT0406": "depends_on names a resource that does not exist";
    DEPENDENCY_CYCLE = "HT0407": "resources depend on each other in a circle";
    DEPENDENCY_EXTERNAL = "HT0408": "an external resource may not depend on others";
    DELETION_POLICY = "HT0409": "no such deletion policy";
    UPDATE_POLICY = "HT0410": "the update policy is not valid";
    PROPERTY_UNKNOWN = "HT0411": "no such property";
    PROPERTY_MISSING = "HT0412": "a required property is missing";
    PROPERTY_TYPE = "HT0413": "a property has the wrong type";
    PROPERTY_CONSTRAINT = "HT0414": "a property does not satisfy a constraint";
    PROPERTY_NOT_IMPLEMENTED = "HT0415": "a property is accepted but does nothing";
    PROPERTY_CONFLICT = "HT0416": "properties exclude each other";
    DEPRECATED = "HT0417": "something should not be used any more";

    // 5: outputs
    OUTPUT_SHAPE = "HT0501": "an output has the wrong shape";
    OUTPUT_VALUE_MISSING = "HT0502": "an output has no value";
    OUTPUT_UNKNOWN = "HT0503": "no such output";
    OUTPUT_UNKNOWN_KEY = "HT0504": "an output has no such key";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn codes_are_unique_and_in_order() {
        for pair in ALL.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
    }
}
