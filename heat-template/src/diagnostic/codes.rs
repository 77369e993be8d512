//! Every kind of problem with its stable code: the one table.
//!
//! The hundreds tell the area: 0 reading, 1 structure, 2 parameters and environment, 3 functions and conditions,
//! 4 resources and properties, 5 outputs. A code is never given a second meaning and never taken away; new ones are
//! added at the end of their area.

use super::Code;

/// What a code means, for `--explain`, SARIF rules and the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    /// The code.
    pub code: Code,
    /// A few words.
    pub title: &'static str,
    /// What to know and what to do about it; empty where the title says it all.
    pub explanation: &'static str,
}

/// The table entry of a code; `None` for a code that a third party made up.
pub fn info(code: Code) -> Option<&'static CodeInfo> {
    ALL.iter().find(|info| info.code == code)
}

macro_rules! codes {
    ($($name:ident = $code:literal: $title:literal $(, $explanation:literal)?;)*) => {
        $(
            #[doc = concat!("`", $code, "`: ", $title, ".", $(" ", $explanation)?)]
            pub const $name: Code = Code($code);
        )*

        /// All codes in order.
        pub const ALL: &[CodeInfo] = &[$(CodeInfo {
            code: $name,
            title: $title,
            explanation: concat!("" $(, $explanation)?),
        },)*];
    };
}

codes! {
    // 0: reading
    SYNTAX = "HT0001": "wrong syntax",
        "The text is neither JSON nor YAML 1.1: neither libyaml's grammar nor PyYAML's own accepts it.";
    CONTROL_CHARACTER = "HT0002": "character that YAML does not allow",
        "Control characters and lone surrogates cannot stand in a YAML text; write them as an escape in double quotes.";
    SECOND_DOCUMENT = "HT0003": "more than one document",
        "A template is one YAML document; remove what follows the second `---`.";
    UNDEFINED_ALIAS = "HT0004": "alias without an anchor",
        "`*name` stands for the node that `&name` marked earlier in the same text.";
    DUPLICATE_ANCHOR = "HT0005": "anchor defined twice",
        "PyYAML refuses a second `&name` in one text, unlike the YAML specification.";
    RECURSIVE_ALIAS = "HT0006": "alias inside the node that it stands for",
        "A value that contains itself has no finite form.";
    UNKNOWN_TAG = "HT0007": "tag that is not known",
        "Only the tags of YAML 1.1's safe schema are read (`!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!binary`, \
         `!!timestamp`, `!!seq`, `!!map`, `!!set`, `!!omap`, `!!pairs`); short forms such as `!Ref` belong to another tool.";
    TAG_MISMATCH = "HT0008": "value does not fit its tag",
        "The text or the kind of node cannot be read as what its tag says.";
    BAD_MERGE = "HT0009": "merge key over something that is not a map",
        "The value of `<<` is a map or a list of maps.";
    KEY_NOT_SCALAR = "HT0010": "list or map as a key",
        "Keys are texts, numbers, booleans or null.";
    VALUE_KEY = "HT0011": "bare `=`",
        "A plain `=` is YAML 1.1's value key, which cannot be read on its own; quote it.";
    DATE_VERSION = "HT0012": "version read as a date",
        "The file is readable only by the second reader, which makes a date of an unquoted version; mend the syntax or quote \
         the version.";
    TEXT_TOO_LONG = "HT0020": "text too long",
        "The text has more characters than the limit allows (Heat's `max_template_size`).";
    NESTED_TOO_DEEPLY = "HT0021": "nested too deeply",
        "Lists and maps are nested deeper than the limit allows.";
    TOO_MANY_NODES = "HT0022": "too many nodes",
        "The text has more nodes than the limit allows.";
    ALIAS_EXPANSION = "HT0023": "aliases expand to too much",
        "Aliases and merge keys would copy more nodes than the limit allows.";
    SCALAR_TOO_LONG = "HT0024": "single text too long",
        "One scalar is longer than the limit allows.";
    DUPLICATE_KEY = "HT0030": "key given twice",
        "Of equal keys the last one stands, silently in Heat. Numbers and booleans are equal as in Python: `1`, `1.0` and \
         `true` are one key.";
    KEY_BECOMES_TEXT = "HT0031": "key is not a text",
        "Templates travel as JSON, so a key that YAML reads as a boolean, a number or null becomes its text: an output named \
         `on` is called `true`. Quote it to keep it as written.";
    SURPRISING_NUMBER = "HT0032": "number that does not look like its value",
        "YAML 1.1 reads `0777` as octal and `22:22` in base sixty. Quote it if a text was meant.";
    TEXT_NOT_NUMBER = "HT0033": "text that looks like a number",
        "YAML 1.1 reads `08`, `0o17` and `1e3` as texts. Write a number in a form that it knows, or quote the text.";
    PYTHON_GRAMMAR = "HT0034": "readable only by PyYAML's own grammar",
        "libyaml refuses the text; Heat falls back to PyYAML's pure Python reader, whose result is used. Other YAML tools \
         may refuse it.";
    NUMBER_NOT_FINITE = "HT0035": "infinity or NaN",
        "JSON has no such number; the value is kept as the text `Infinity`, `-Infinity` or `NaN`.";
    PROBLEMS_LEFT_OUT = "HT0036": "too many problems to tell",
        "Only the first thousand problems of reading are told.";

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
    PROPERTY_IMMUTABLE = "HT0418": "a property may not be changed";

    // 5: outputs
    OUTPUT_SHAPE = "HT0501": "an output has the wrong shape";
    OUTPUT_VALUE_MISSING = "HT0502": "an output has no value";
    OUTPUT_UNKNOWN = "HT0503": "no such output";
    OUTPUT_UNKNOWN_KEY = "HT0504": "an output has no such key";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        for pair in ALL.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} before {}", pair[0].code, pair[1].code);
        }
    }

    #[test]
    fn codes_are_well_formed_and_lie_in_an_area() {
        for info in ALL {
            let digits = info.code.0.strip_prefix("HT").unwrap();
            assert!(digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()), "{}", info.code);
            assert!(("00".."06").contains(&&digits[..2]), "{}: no such area", info.code);
            assert!(!info.title.is_empty() && !info.title.ends_with('.'), "{}", info.code);
            assert!(info.explanation.is_empty() || info.explanation.ends_with('.'), "{}", info.code);
        }
    }

    #[test]
    fn a_code_finds_its_entry() {
        assert_eq!(info(SYNTAX).map(|info| info.title), Some("wrong syntax"));
        assert_eq!(info(Code("HT9999")), None);
    }
}
